internal import Shared

/// Replies leave in the order of their frames, whatever order they become known in.
struct ReplyQueue<Reply> {
    /// Names the place of one frame's reply.
    struct Place: Hashable {
        fileprivate let number: Int
    }

    private var waiting = Queue<Reply?>()
    private var first = 0

    var isEmpty: Bool { waiting.isEmpty }
    var count: Int { waiting.count }

    /// Takes the next place.
    mutating func reserve() -> Place {
        waiting.append(nil)
        return Place(number: first + waiting.count - 1)
    }

    /// Puts a reply in its place; returns what can leave now, in order.
    mutating func fill(_ place: Place, _ reply: Reply) -> [Reply] {
        guard place.number >= first, place.number < first + waiting.count else { return [] }
        waiting[place.number - first] = reply
        var ready: [Reply] = []
        while let next = waiting.first, let reply = next {
            _ = waiting.popFirst()
            first += 1
            ready.append(reply)
        }
        return ready
    }
}
