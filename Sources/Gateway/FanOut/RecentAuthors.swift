internal import Shared

/// Who wrote the newest events of a conversation, so that how far somebody has read them is told to their authors alone.
///
/// Without it each message of a group of n would bring n - 1 moves to n members.
struct RecentAuthors {
    /// So many events are remembered.
    private static let capacity = 64

    private var events: [(id: EventID, author: UUID?)] = []
    /// Everything above this event is among them.
    private var floor: EventID

    /// Nothing is known of what was before an event.
    init(after position: EventID) {
        floor = position
    }

    /// Notes an event and the one before it; an edit or a delete has no author who waits to hear of it.
    mutating func note(_ id: EventID, after previous: EventID, by author: UUID?) {
        if previous > events.last?.id ?? floor {
            // Something between was never seen here.
            events.removeAll(keepingCapacity: true)
            floor = previous
        }
        if events.count >= Self.capacity {
            floor = events[Self.capacity / 2 - 1].id
            events.removeFirst(Self.capacity / 2)
        }
        events.append((id, author))
    }

    /// Whether a user wrote something of what somebody has got or read by a move; also where that isn't known.
    func mayHaveWritten(_ user: UUID, _ move: CursorNotice.Move) -> Bool {
        wrote(user, above: move.before.delivered, upTo: move.now.delivered)
            || wrote(user, above: move.before.read, upTo: move.now.read)
    }

    private func wrote(_ user: UUID, above low: EventID, upTo high: EventID) -> Bool {
        guard low < high else { return false }
        return low < floor || events.contains { $0.id > low && $0.id <= high && $0.author == user }
    }
}
