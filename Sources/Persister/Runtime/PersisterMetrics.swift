internal import Shared

/// What the persister counts.
final class PersisterMetrics: Sendable {
    let registry: MetricsRegistry
    let entries: Counter
    let deadLetters: Counter
    let batches: Counter
    let statements: Counter
    let retries: Counter
    let partitions: Gauge
    let paused: Gauge
    let lag: Gauge
    let replays: Counter
    let replayGaps: Counter
    let kept: Gauge
    let window: Gauge
    let archived: Counter
    let commitLatency: Histogram

    init(_ registry: MetricsRegistry) {
        self.registry = registry
        entries = registry.counter("parley_persisted_entries_total", help: "Entries committed to PostgreSQL.")
        deadLetters = registry.counter(
            "parley_dead_letters_total", help: "Entries that PostgreSQL refused for good.")
        batches = registry.counter("parley_persister_batches_total", help: "Batches committed to PostgreSQL.")
        statements = registry.counter(
            "parley_persister_statements_total", help: "Statements that batches were written with, failed ones too.")
        retries = registry.counter(
            "parley_persister_retries_total", help: "Batches that had to be tried again.")
        partitions = registry.gauge("parley_persister_partitions", help: "Partitions that this persister owns.")
        paused = registry.gauge(
            "parley_persister_partitions_paused", help: "Owned partitions about which Redis refuses something.")
        replays = registry.counter(
            "parley_replays_total", help: "Partitions whose cursor was moved back, since PostgreSQL had lost commits.")
        replayGaps = registry.counter(
            "parley_replay_gaps_total", help: "Replays for which Redis had not kept everything.")
        kept = registry.gauge(
            "parley_replay_kept_entries", help: "Committed entries that are still in the streams of owned partitions.")
        window = registry.gauge(
            "parley_replay_window_milliseconds", help: "How far back every owned partition can be replayed.")
        archived = registry.counter(
            "parley_conversations_archived_total", help: "Conversations archived for their age.")
        lag = registry.gauge(
            "parley_persister_lag_milliseconds", help: "Age of the oldest entry of the last batch when committed.")
        commitLatency = registry.histogram("parley_persister_commit_seconds", help: "Time to write and commit a batch.")
    }
}
