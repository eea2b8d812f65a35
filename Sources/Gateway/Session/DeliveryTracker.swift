internal import Shared

/// Learns by pings what a client has really got: written out isn't delivered, since a dead phone's socket takes megabytes.
///
/// A WebSocket's bytes keep their order, so an event is delivered when a pong answers a ping that was written after it. A
/// pong carries its ping's payload (RFC 6455, section 5.5.3), here the ping's number; clients may answer the latest of several
/// pings only.
struct DeliveryTracker {
    /// The last event of each conversation that no ping has followed.
    private var written: [UUID: EventID] = [:]
    /// The last event of each conversation that a ping has followed, and that ping.
    private var awaiting: [UUID: EventID] = [:]
    private var awaitedPing: UInt32 = 0
    private var lastPing: UInt32 = 0

    /// An event was written to the connection. True when a ping has to be sent for it after a while.
    mutating func wrote(_ event: EventID, in conversation: UUID) -> Bool {
        let isFirst = written.isEmpty && awaiting.isEmpty
        written[conversation] = max(written[conversation] ?? .zero, event)
        return isFirst
    }

    /// Nothing that was written of a conversation up to now is to count as delivered.
    mutating func forget(_ conversation: UUID) {
        written[conversation] = nil
        // The ping under way stays the one that is awaited, with nothing to tell.
        if awaiting[conversation] != nil { awaiting[conversation] = .zero }
    }

    /// Whether a ping is under way that proves something delivered.
    var isAwaiting: Bool { !awaiting.isEmpty }

    /// The payload of a ping that is about to be written.
    mutating func ping() -> [UInt8] {
        lastPing &+= 1
        if awaiting.isEmpty, !written.isEmpty {
            awaiting = written
            written = [:]
            awaitedPing = lastPing
        }
        return withUnsafeBytes(of: lastPing.bigEndian, Array.init)
    }

    /// A pong came in: the last event of each conversation that has arrived now, and whether another ping has to be sent
    /// after a while.
    mutating func pong(_ payload: some Collection<UInt8>) -> (delivered: [UUID: EventID], needsPing: Bool) {
        guard !awaiting.isEmpty, payload.count == 4 else { return ([:], false) }
        let number = payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        // Numbers go round: later is what lies less than half of them ahead.
        guard number &- awaitedPing <= lastPing &- awaitedPing else { return ([:], false) }
        defer { awaiting = [:] }
        return (awaiting.filter { $0.value > .zero }, !written.isEmpty)
    }
}
