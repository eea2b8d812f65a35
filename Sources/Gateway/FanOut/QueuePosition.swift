internal import Shared

/// How far a device has got on a user's queue; for clients an opaque text.
struct QueuePosition: Equatable {
    /// Milliseconds that an id may be ahead of the clock.
    private static let tolerance: Int64 = 1_000
    private static let undeliveredMark = UInt8(ascii: "u")

    /// Everything up to this event was brought, or is being read again.
    var event: EventID
    /// Whether what no device had got when the device came first is still owed to it, too.
    var owesUndelivered = false

    /// Goes on with an event that was brought at a moment (ms since the Unix epoch, by the clock that ids have their times from). Events of other conversations that come next
    /// may have lower ids than one whose conversation is ahead of the clock: the position doesn't go ahead with it, but for what
    /// clocks differ by and what is read again anyway covers.
    mutating func goOn(with id: EventID, at now: Int64) {
        event = max(event, min(id, EventID(at: now + Self.tolerance)))
    }

    /// What clients see and bring back: the event's id, with a `u` in front where the undelivered is owed.
    var text: String { (owesUndelivered ? "u" : "") + event.description }
}

extension QueuePosition {
    /// Reads what a client brings back; nil where it is something else.
    init?(_ text: some Collection<UInt8>) {
        let owesUndelivered = text.first == Self.undeliveredMark
        guard let event = EventID(Array(text.dropFirst(owesUndelivered ? 1 : 0))) else { return nil }
        self.init(event: event, owesUndelivered: owesUndelivered)
    }
}
