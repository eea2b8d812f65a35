import Shared

/// Limits and time limits of a WebSocket connection; sizes in bytes, durations in milliseconds.
struct WebSocketConfig: Sendable {
    /// The longest frame.
    var maximumFrame: Int
    /// The longest message; never below `maximumFrame`.
    var maximumMessage: Int
    /// How long connecting may take, CONNECT included.
    var handshakeTimeout: Int64
    /// How long a client may be silent.
    var idleTimeout: Int64
    /// The interval of STOMP heart-beats that the server offers.
    var heartBeat: Int64
    /// The interval of pings.
    var pingInterval: Int64
    /// How long the answer to a ping may take.
    var pongTimeout: Int64
    /// How much may wait for a client before it is treated as behind.
    var sendQueueBytes: Int
    /// How much may wait for all clients of the node.
    var unsentBytes: Int
    /// How many events a subscription may have missed for them to be replayed.
    var maximumReplay: Int
    /// How long a client may take nothing of what waits for it.
    var stalledTimeout: Int64
    /// What a session's frames may ask for.
    var stomp: StompLimits
    /// How many messages of a subscription may wait for their ACK.
    var maximumUnacknowledged: Int
    /// Whether messages are compressed.
    var compression: CompressionPolicy
    /// Messages that are shorter are sent as they are.
    var compressionMinimum: Int

    /// How much may wait for the clients of each of so many loops: four that are behind always have room.
    func unsentBytes(ofEach loops: Int) -> Int {
        max(unsentBytes / loops, 4 * sendQueueBytes)
    }

    /// Reads the settings and checks them against one another.
    init(_ reader: inout ConfigReader) {
        maximumFrame = reader.read(GatewaySettings.maxFrameBytes)
        maximumMessage = reader.read(GatewaySettings.maxMessageBytes)
        handshakeTimeout = reader.read(GatewaySettings.handshakeTimeout)
        idleTimeout = reader.read(GatewaySettings.idleTimeout)
        heartBeat = reader.read(GatewaySettings.heartBeat)
        pingInterval = reader.read(GatewaySettings.pingInterval)
        pongTimeout = reader.read(GatewaySettings.pongTimeout)
        sendQueueBytes = reader.read(GatewaySettings.sendQueueBytes)
        unsentBytes = reader.read(GatewaySettings.unsentBytes)
        maximumReplay = reader.read(GatewaySettings.replayMaxEvents)
        stalledTimeout = reader.read(GatewaySettings.stalledTimeout)
        stomp = StompLimits(
            headerCount: reader.read(GatewaySettings.maxStompHeaders),
            headerBytes: reader.read(GatewaySettings.maxStompHeaderBytes), frame: maximumMessage,
            maximumSubscriptions: reader.read(GatewaySettings.maxSubscriptions),
            maximumTransactions: reader.read(GatewaySettings.maxTransactions),
            transactionFrames: reader.read(GatewaySettings.maxTransactionFrames),
            transactionBytes: reader.read(GatewaySettings.maxTransactionBytes))
        maximumUnacknowledged = reader.read(GatewaySettings.maxUnacknowledged)
        compression = reader.read(GatewaySettings.compression)
        compressionMinimum = reader.read(GatewaySettings.compressionMinBytes)
        check(&reader)
    }

    private func check(_ reader: inout ConfigReader) {
        let idle = GatewaySettings.idleTimeout.declaration
        let pong = GatewaySettings.pongTimeout.declaration
        let message = GatewaySettings.maxMessageBytes.declaration
        reader.check(
            maximumFrame <= maximumMessage, [GatewaySettings.maxFrameBytes.declaration, message],
            "must not be above PARLEY_MAX_MESSAGE_BYTES")
        reader.check(
            sendQueueBytes >= maximumMessage, [GatewaySettings.sendQueueBytes.declaration, message],
            "must be at least PARLEY_MAX_MESSAGE_BYTES: one message has to fit")
        reader.check(
            unsentBytes >= sendQueueBytes,
            [GatewaySettings.unsentBytes.declaration, GatewaySettings.sendQueueBytes.declaration],
            "must be at least PARLEY_SEND_QUEUE_BYTES: what waits for one client has to fit")
        reader.check(
            idleTimeout >= pingInterval + pongTimeout, [idle, GatewaySettings.pingInterval.declaration, pong],
            "must be at least PARLEY_PING_INTERVAL and PARLEY_PONG_TIMEOUT together:"
                + " a client that only answers pings isn't idle")
        reader.check(
            idleTimeout >= 2 * heartBeat, [idle, GatewaySettings.heartBeat.declaration],
            "must be at least twice PARLEY_HEARTBEAT: clients that send heart-beats aren't idle")
        reader.check(
            stalledTimeout >= pongTimeout, [GatewaySettings.stalledTimeout.declaration, pong],
            "must be at least PARLEY_PONG_TIMEOUT: pongs wait behind what the client hasn't taken")
    }
}
