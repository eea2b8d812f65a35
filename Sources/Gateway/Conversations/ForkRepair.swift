internal import Shared

/// Mends conversations of which Redis has lost events, as after a failover to a replica that lagged behind.
///
/// What was lost is proven by an id that somebody has seen and Redis hasn't. Then PostgreSQL counts for everything that it
/// has: the cache begins above it, and new ids rise above all that was ever seen. Confined to its loop.
final class ForkRepair {
    private static let attempts = 20
    /// Milliseconds between two attempts.
    private static let retry: Int64 = 500

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    private let metrics: GatewayMetrics
    private let log: Logger
    private let loop: EventLoop
    private var underWay: Set<UUID> = []

    init(
        redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, metrics: GatewayMetrics,
        log: Logger, loop: EventLoop
    ) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.metrics = metrics
        self.log = log
        self.loop = loop
    }

    /// Counts a fork and mends the conversation; `seen` is the highest event id that is known of it.
    func repair(_ conversation: UUID, seen: EventID) async {
        metrics.forks.increment()
        log.error("Redis has lost events", [.conversation: .uuid(conversation), .position: .id(seen)])
        guard underWay.insert(conversation).inserted else { return }
        defer { underWay.remove(conversation) }
        for attempt in 1...Self.attempts {
            do {
                return try await rebuild(conversation, seen)
            } catch {
                log.warning(
                    "conversation can't be mended",
                    [.conversation: .uuid(conversation), .error: .describing(error), .attempt: .number(attempt)])
            }
            await loop.sleep(milliseconds: Self.retry)
        }
    }

    private func rebuild(_ conversation: UUID, _ seen: EventID) async throws {
        let stored = try await postgres.query(
            "select coalesce(max(last_event_id), 0) from messages where conversation_id = $1", [.uuid(conversation)]
        ).rows.first?.eventID(0)
        let stream = Keys.stream(partitioning.partition(of: conversation))
        _ = try await redis.call(RedisScripts.rebuild, keys: [stream]) { command in
            command.add(conversation.description)
            command.add(stored ?? .zero)
            command.add(seen)
        }
    }
}
