internal import Shared

/// How far PostgreSQL itself says it has each partition's stream, against the cursors in Redis. It does no I/O.
///
/// The position moves in the transaction that writes the entries below it. So a PostgreSQL that has lost commits, by a
/// failover to a standby that lagged or by a restored backup, has a position below the cursor, and says what it has
/// lost.
struct StoredPositions {
    /// How a position is moved: from what it is expected to be.
    struct Move {
        let partition: Int
        let expected: StreamID
        let new: StreamID
    }

    /// What PostgreSQL says of a partition.
    enum Finding: Equatable {
        case agrees
        /// It has lost everything behind this position.
        case lost(StreamID)
    }

    /// What was found, and under which token: who claims a partition anew looks again.
    private var known: [Int: (token: String, position: StreamID)] = [:]

    /// Those whose positions have to be looked at before anything of them is read.
    func unknown(_ leases: [Lease]) -> [Lease] { leases.filter { known[$0.partition.number]?.token != $0.token } }

    func isKnown(_ lease: Lease) -> Bool { known[lease.partition.number]?.token == lease.token }

    /// Takes what PostgreSQL has; nil is a partition of which it has no position yet.
    mutating func found(_ stored: StreamID?, for lease: Lease) -> Finding {
        let position = stored ?? .zero
        known[lease.partition.number] = (lease.token, position)
        return position < lease.cursor ? .lost(position) : .agrees
    }

    /// The moves that a batch makes; `cursors` are the last entries by partition.
    func moves(_ cursors: [Int: StreamID]) -> [Move] {
        cursors.sorted { $0.key < $1.key }.map { number, cursor in
            Move(partition: number, expected: known[number]?.position ?? .zero, new: cursor)
        }
    }

    /// PostgreSQL has committed them.
    mutating func moved(_ moves: [Move]) {
        for move in moves { known[move.partition]?.position = move.new }
    }

    /// They aren't what was expected: somebody else writes, or PostgreSQL is another one.
    mutating func doubt(_ moves: [Move]) {
        for move in moves { known[move.partition] = nil }
    }
}
