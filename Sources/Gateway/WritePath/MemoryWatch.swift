internal import Shared

/// Looks at how much memory Redis has left: all streams together have one bound, which no partition's script can know.
///
/// Confined to the first worker's loop.
final class MemoryWatch {
    /// Milliseconds between two looks: at 100 MB/s not a tenth of the twentieth that is kept free of 1 GB is taken meanwhile.
    private static let interval: Int64 = 250

    private let node: NodeContext
    private let redis: RedisConnection
    private let log: Logger
    private var isAsking = false

    init(node: NodeContext, redis: RedisConnection, log: Logger) {
        self.node = node
        self.redis = redis
        self.log = log
    }

    func start() {
        redis.loop.scheduleRepeating(every: Self.interval) { [self] in
            look()
            return true
        }
    }

    private func look() {
        guard !isAsking, redis.isReady else { return }
        isAsking = true
        redis.send(RedisCommand("INFO", "memory")) { [self] result in
            isAsking = false
            guard let text = (try? result.get())?.text, let memory = RedisMemory(info: text) else { return }
            guard memory.isShort != node.isRedisFull else { return }
            node.isRedisFull = memory.isShort
            if memory.isShort {
                log.warning("Redis' memory is short: no messages are accepted", [.count: .integer(memory.used)])
            } else {
                log.info("Redis has memory again", [.count: .integer(memory.used)])
            }
        }
    }
}
