internal import Shared

/// Which conversations are loaded from PostgreSQL when: a few at a time, in the order in which they were asked for.
///
/// A Redis that has lost its data, or nodes that start, ask for very many at once. More at a time would only wait in
/// PostgreSQL, in front of what else needs it. Pure: times are monotonic milliseconds that the caller tells.
struct LoadQueue {
    /// Loads under way per loop: one connection of the pool is left for what else is read.
    static let atOnce = 3
    /// So many conversations may wait on a loop; further ones are asked to try later.
    static let most = 20_000
    /// So many go into one load, where they wait: it takes the statements of one.
    static let together = 32
    /// Who asked for a conversation that has waited for so many milliseconds has given up.
    static let patience: Int64 = 15_000

    /// What becomes of a conversation that is asked for.
    enum Answer: Equatable {
        case begins
        case waits
        case isFull
    }

    private var queue = Queue<(conversation: UUID, deadline: Int64)>()
    private var underWay = 0

    /// A conversation that doesn't wait yet is asked for.
    mutating func ask(_ conversation: UUID, at now: Int64) -> Answer {
        guard underWay >= Self.atOnce else {
            underWay += 1
            return .begins
        }
        guard queue.count < Self.most else { return .isFull }
        queue.append((conversation, now + Self.patience))
        return .waits
    }

    /// A load has ended: those that have waited too long, and those to load together now.
    mutating func ended(at now: Int64) -> (late: [UUID], begins: [UUID]) {
        var late: [UUID] = []
        var begins: [UUID] = []
        while begins.count < Self.together, let next = queue.popFirst() {
            if now < next.deadline { begins.append(next.conversation) } else { late.append(next.conversation) }
        }
        if begins.isEmpty { underWay -= 1 }
        return (late, begins)
    }
}
