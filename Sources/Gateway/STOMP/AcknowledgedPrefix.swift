internal import Shared

/// How far the events of one conversation are acknowledged without a gap, when each may be acknowledged by itself.
///
/// A cursor says "everything up to here": it may not pass an event that still waits, nor one that was refused, which the next
/// session has to be brought again.
struct AcknowledgedPrefix {
    /// Acknowledged, but behind one that waits.
    private var beyond: [EventID] = []
    private var firstRefused = EventID.highest

    /// Takes what was acknowledged; `firstWaiting` is the oldest event that still waits. The event up to which everything is
    /// acknowledged, or nil where that hasn't moved.
    mutating func acknowledge(_ events: some Sequence<EventID>, firstWaiting: EventID?) -> EventID? {
        let limit = min(firstRefused, firstWaiting ?? .highest)
        beyond.append(contentsOf: events)
        let last = beyond.filter { $0 < limit }.max()
        beyond.removeAll { $0 < limit || $0 > firstRefused }
        return last
    }

    mutating func refuse(_ events: some Sequence<EventID>) {
        firstRefused = min(firstRefused, events.min() ?? .highest)
    }
}
