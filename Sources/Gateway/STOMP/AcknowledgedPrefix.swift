internal import Shared

/// How far the events of one conversation are acknowledged without a gap, when each may be acknowledged by itself.
///
/// A cursor says "everything up to here": it may not pass an event that still waits, nor one that was refused, which the next
/// session has to be brought again. What is acknowledged behind one that waits isn't kept: each that waits, and the window bounds
/// how many do, knows the event before it, and all between two that wait is acknowledged.
struct AcknowledgedPrefix {
    private var lastBrought = EventID.zero
    /// The event before the first that was refused.
    private var limit = EventID.highest
    private var told = EventID.zero

    /// Takes an event that is brought; the event before it, nothing where this one comes too late for its place.
    mutating func bring(_ event: EventID) -> EventID {
        guard event > lastBrought else { return .zero }
        defer { lastBrought = event }
        return lastBrought
    }

    /// Something was acknowledged; `beforeWaiting` is the event before the oldest that still waits. The event up to which everything
    /// is acknowledged, or nil where that hasn't moved.
    mutating func acknowledge(beforeWaiting: EventID?) -> EventID? {
        let last = min(limit, beforeWaiting ?? lastBrought)
        guard last > told else { return nil }
        told = last
        return last
    }

    /// An event was refused; `before` is the one before it.
    mutating func refuse(before: EventID) {
        limit = min(limit, before)
    }
}
