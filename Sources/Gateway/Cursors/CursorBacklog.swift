internal import Shared

/// Cursors that have moved and that PostgreSQL doesn't know of yet.
struct CursorBacklog {
    struct Move: Equatable {
        let conversation: UUID
        let user: UUID
        var position: Cursors.Position
    }

    /// So many are written by one statement: it takes a fraction of a second, and what fails is repeated by itself.
    static let chunk = 1_000
    /// So many wait while PostgreSQL is away; Redis has those beyond, and the next move of the same user brings them.
    static let capacity = 100_000

    private var waiting: [CursorKey: Cursors.Position] = [:]

    var count: Int { waiting.count }

    /// Notes a move; a cursor that waits already takes no more room, and never goes back.
    mutating func add(_ move: Move) {
        let key = CursorKey(conversation: move.conversation, user: move.user)
        if let known = waiting[key] {
            waiting[key] = known.furthest(move.position)
        } else if waiting.count < Self.capacity {
            waiting[key] = move.position
        }
    }

    /// Everything that waits, by conversation and user, in pieces for one statement each. What fails is to be added again.
    mutating func takeAll() -> [[Move]] {
        let moves = waiting.sorted { $0.key < $1.key }
            .map { Move(conversation: $0.key.conversation, user: $0.key.user, position: $0.value) }
        waiting = [:]
        return stride(from: 0, to: moves.count, by: Self.chunk).map { start in
            Array(moves[start..<min(start + Self.chunk, moves.count)])
        }
    }
}
