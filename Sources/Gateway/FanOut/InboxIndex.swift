internal import Shared

/// In which partitions a user has an inbox: `u:<user>:parts`, a set of partition numbers and of the epoch in which it was found
/// to be whole.
///
/// Whoever loads a DIRECT conversation adds its partition first, so that no message gets into an inbox that the index doesn't
/// have. A process of the first release doesn't do so: while one is there no index is used, and behind it a new epoch begins,
/// in which each index has to be found whole anew.
struct InboxIndex: Equatable {
    /// Seconds that an index is kept after it was made or added to: twice the longest that an inbox or the members of a silent
    /// conversation stay.
    static let lifetime: Int64 = 60 * 86_400
    /// No partition has a number from here on; epochs are milliseconds of the clock.
    private static let firstEpoch: Int64 = 1_024

    /// The epoch that counts; 0 where no index may be used.
    let epoch: Int64
    /// Whether no inbox is missing in it.
    let isWhole: Bool
    /// The epochs that don't count any more.
    let older: [Int64]
    private let partitions: Set<Int64>

    /// None: all partitions have to be read.
    init() { self.init([], epoch: 0) }

    /// Reads the set's members.
    init(_ members: [Int64], epoch: Int64) {
        self.epoch = epoch
        isWhole = epoch >= Self.firstEpoch && members.contains(epoch)
        older = members.filter { $0 >= Self.firstEpoch && $0 != epoch }
        partitions = Set(members.filter { $0 < Self.firstEpoch })
    }

    /// Whether a partition has to be read.
    func has(_ partition: Int) -> Bool { !isWhole || partitions.contains(Int64(partition)) }
}

/// Keeps the node's knowledge of the index's epoch up to date.
///
/// Confined to the first worker's loop.
final class InboxEpoch {
    /// The format from which on all processes keep the index.
    private static let format: Int64 = 2

    private let node: NodeContext
    private let redis: RedisConnection

    init(node: NodeContext, redis: RedisConnection) {
        self.node = node
        self.redis = redis
    }

    /// Looks at it now.
    func look() {
        guard node.oldestFormat >= Self.format else {
            node.inboxEpoch = 0
            // What a process of the first release does now, no index will have: those that there are don't count behind it.
            return redis.send(RedisCommand("DEL", Keys.inboxEpoch)) { _ in }
        }
        // Read first: a Redis whose memory is full refuses to write.
        redis.send(RedisCommand("GET", Keys.inboxEpoch)) { [self] result in
            node.inboxEpoch = (try? result.get())?.integer ?? 0
            guard case .success(.null) = result else { return }
            let now = String(WallClock.nowMilliseconds())
            redis.send(.housekeeping("SET", Keys.inboxEpoch, now, "NX")) { _ in }
        }
    }
}
