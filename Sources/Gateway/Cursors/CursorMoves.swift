internal import Shared

/// Moves of cursors that wait to be written, one for each user and conversation however often it was asked for: cursors go
/// forward only, so the furthest stands for all.
struct CursorMoves<Waiter> {
    /// One write, and who waits for it.
    struct Move {
        let key: CursorKey
        var position: Cursors.Position
        var waiters: [Waiter] = []
        /// How often the conversation had to be loaded for it.
        var loads = 0
    }

    private let maximum: Int
    private var waiting: [CursorKey: Move] = [:]

    /// At most so many wait.
    init(maximum: Int) {
        self.maximum = maximum
    }

    var isEmpty: Bool { waiting.isEmpty }

    /// Notes a move; false where too many wait, and nothing is kept.
    mutating func add(_ key: CursorKey, _ position: Cursors.Position, _ waiter: Waiter?) -> Bool {
        guard waiting[key] != nil || waiting.count < maximum else { return false }
        var move = waiting[key] ?? Move(key: key, position: Cursors.Position())
        move.position = move.position.furthest(position)
        if let waiter { move.waiters.append(waiter) }
        waiting[key] = move
        return true
    }

    /// Takes all that wait, by partition, and of each at most `size` at a time.
    mutating func takeAll(_ partitioning: Partitioning, size: Int) -> [(partition: Partition, moves: [Move])] {
        var partitions: [Int: [Move]] = [:]
        for (key, move) in waiting {
            partitions[partitioning.partition(of: key.conversation).number, default: []].append(move)
        }
        waiting = [:]
        var batches: [(partition: Partition, moves: [Move])] = []
        for (number, moves) in partitions.sorted(by: { $0.key < $1.key }) {
            let ordered = moves.sorted { $0.key < $1.key }
            for start in stride(from: 0, to: ordered.count, by: size) {
                let batch = Array(ordered[start..<min(start + size, ordered.count)])
                batches.append((partitioning.partitions[number], batch))
            }
        }
        return batches
    }
}
