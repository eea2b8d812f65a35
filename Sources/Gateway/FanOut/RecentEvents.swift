internal import Shared

/// The ids of the events that a feed passed on last.
///
/// An event that comes in with one of these ids is a copy. One with another id in their range is none: Redis has given an id
/// below one that was passed on already.
struct RecentEvents {
    /// So many ids are kept at least, and the oldest are dropped once there are twice as many.
    private static let kept = 32

    private var ids: [EventID] = []
    /// From this id on all that was passed on is here.
    private var floor: EventID?

    /// Whether an event was passed on, as far as is known.
    func contains(_ id: EventID) -> Bool {
        guard let floor, id >= floor else { return false }
        return ids.contains(id)
    }

    /// Whether all that was passed on from an id on is known.
    func covers(_ id: EventID) -> Bool { floor.map { id >= $0 } ?? false }

    /// The first event that is known of a conversation.
    mutating func begin(with id: EventID) {
        ids = [id]
        floor = id
    }

    mutating func append(_ id: EventID) {
        if floor == nil { floor = id }
        ids.append(id)
        guard ids.count >= 2 * Self.kept else { return }
        let highest = ids.prefix(ids.count - Self.kept).max() ?? .zero
        ids.removeFirst(ids.count - Self.kept)
        floor = max(floor ?? .zero, highest.next)
    }

    /// Nothing is known any more of what was passed on.
    mutating func forget() {
        ids = []
        floor = nil
    }
}
