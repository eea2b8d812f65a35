internal import Shared

/// What the node counts; shared by all loops.
final class GatewayMetrics: Sendable {
    let registry: MetricsRegistry
    let connections: Gauge
    let connectionsMaximum: Gauge
    let connectionsTurnedAway: Counter
    let sessions: Gauge
    let clockDifference: Gauge
    let handshakes: Counter
    let handshakesRefused: Counter
    let greetingsFailed: Counter
    let stalledConnections: Counter
    let slowConsumers: Counter
    let messagesAccepted: Counter
    let messagesRepeated: Counter
    let framesRefused: Counter
    let rateLimited: Counter
    let acceptCalls: Counter
    let acceptRetries: Counter
    let acceptLatency: Histogram
    let coldLoads: Counter
    let eventsReceived: Counter
    let eventsRepeated: Counter
    let deliveries: Counter
    let holes: Counter
    let holesUnfilled: Counter
    let gaps: Counter
    let headCalls: Counter
    let forks: Counter
    let conversationsRestored: Counter
    let pubSubLosses: Counter
    let probesMissed: Counter
    let typingDropped: Counter
    let replayedEvents: Counter
    let contentsUnreadable: Counter
    let sessionsFailed: Counter
    let httpRequestsRefused: Counter
    let httpRequests: Counter
    let uploads: Counter
    let uploadedBytes: Counter
    let fileStoreFailures: Counter
    let fileStoreRetries: Counter
    let downloads: Counter
    let downloadedBytes: Counter

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        connections = registry.gauge("parley_connections", help: "Open client connections.")
        connectionsMaximum = registry.gauge(
            "parley_connections_maximum", help: "The most client connections that the node takes.")
        connectionsTurnedAway = registry.counter(
            "parley_connections_turned_away_total", help: "Connections sent away because the node was full.")
        sessions = registry.gauge("parley_sessions", help: "Connected STOMP sessions.")
        clockDifference = registry.gauge(
            "parley_clock_difference_milliseconds",
            help: "How far Redis' clock was ahead of the node's at the last heartbeat.")
        handshakes = registry.counter("parley_handshakes_total", help: "WebSocket handshakes that were accepted.")
        handshakesRefused = registry.counter(
            "parley_handshakes_refused_total", help: "WebSocket handshakes that were refused.")
        greetingsFailed = registry.counter(
            "parley_greetings_failed_total", help: "Connections whose TLS handshake or PROXY header failed.")
        stalledConnections = registry.counter(
            "parley_connections_stalled_total",
            help: "Connections closed because the client took nothing, or too little.")
        slowConsumers = registry.counter(
            "parley_slow_consumers_total", help: "Subscriptions that fell behind because their socket was full.")
        messagesAccepted = registry.counter("parley_messages_accepted_total", help: "Messages accepted into Redis.")
        messagesRepeated = registry.counter(
            "parley_messages_repeated_total", help: "Messages answered with the answer they got before.")
        framesRefused = registry.counter("parley_frames_refused_total", help: "Frames that were refused.")
        rateLimited = registry.counter(
            "parley_rate_limited_total", help: "Frames, requests and handshakes that came too fast.")
        acceptCalls = registry.counter("parley_accept_calls_total", help: "Calls of the accept script.")
        acceptRetries = registry.counter("parley_accept_retries_total", help: "Calls that had to be repeated.")
        acceptLatency = registry.histogram(
            "parley_accept_seconds", help: "From a message's arrival to the answer of the accept script.")
        coldLoads = registry.counter(
            "parley_cold_loads_total", help: "Conversations loaded from PostgreSQL for a message.")
        eventsReceived = registry.counter("parley_events_received_total", help: "Events received by pub/sub.")
        eventsRepeated = registry.counter(
            "parley_events_repeated_total", help: "Events that were passed on already and came again.")
        deliveries = registry.counter("parley_deliveries_total", help: "Events handed to a subscription.")
        holes = registry.counter("parley_holes_total", help: "Holes found in the events of pub/sub.")
        holesUnfilled = registry.counter(
            "parley_holes_unfilled_total", help: "Holes that neither the cache nor PostgreSQL could fill.")
        gaps = registry.counter(
            "parley_gaps_total",
            help: "Times that a hole was not read at once, or too long, and its subscribers read on for themselves.")
        headCalls = registry.counter(
            "parley_head_calls_total", help: "Calls that compared the heads of up to 100 followed conversations.")
        conversationsRestored = registry.counter(
            "parley_conversations_restored_total",
            help: "Conversations or changes of members that PostgreSQL had lost and Redis had, as after a failover.")
        forks = registry.counter(
            "parley_forks_total", help: "Proofs that Redis has lost events, as after a failover.")
        pubSubLosses = registry.counter("parley_pubsub_losses_total", help: "Interruptions of a pub/sub connection.")
        probesMissed = registry.counter(
            "parley_pubsub_probes_missed_total", help: "Probes of a pub/sub connection that did not come back.")
        typingDropped = registry.counter(
            "parley_typing_dropped_total", help: "Typing events dropped because the client was slow.")
        replayedEvents = registry.counter(
            "parley_replayed_events_total", help: "Events read again for subscriptions that resume or fell behind.")
        contentsUnreadable = registry.counter(
            "parley_contents_unreadable_total", help: "Encrypted contents that could not be opened.")
        sessionsFailed = registry.counter(
            "parley_sessions_failed_total",
            help: "Sessions ended for what their client sent or didn't: broken protocol, limits, time limits, tokens.")
        httpRequestsRefused = registry.counter(
            "parley_http_requests_refused_total", help: "HTTP requests that could not be read, or were refused.")
        httpRequests = registry.counter("parley_http_requests_total", help: "HTTP requests that were answered.")
        uploads = registry.counter("parley_uploads_total", help: "Files that were uploaded.")
        uploadedBytes = registry.counter("parley_uploaded_bytes_total", help: "Bytes of uploaded files.")
        fileStoreFailures = registry.counter(
            "parley_file_store_failures_total",
            help: "Uploads, downloads, removals and sweeps that failed where the bytes of files are.")
        fileStoreRetries = registry.counter(
            "parley_file_store_retries_total", help: "Requests to the store of files that were tried again.")
        downloads = registry.counter("parley_downloads_total", help: "Downloads of files that were begun.")
        downloadedBytes = registry.counter("parley_downloaded_bytes_total", help: "Bytes of files sent to clients.")
    }
}
