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
    private var underWay = RepairsUnderWay()

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
        guard underWay.begin(conversation, seen) else { return }
        var attempt = 0
        while let seen = underWay.next(conversation) {
            do {
                try await rebuild(conversation, seen)
                underWay.isMended(conversation, upTo: seen)
                continue
            } catch {
                attempt += 1
                guard attempt < Self.attempts else { return underWay.giveUp(conversation) }
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

/// Which conversations are being mended, and up to where they have to be.
struct RepairsUnderWay {
    private var wanted: [UUID: EventID] = [:]

    /// Something is known to be lost; false where the conversation is being mended, which then goes as far as this.
    mutating func begin(_ conversation: UUID, _ seen: EventID) -> Bool {
        let isNew = wanted[conversation] == nil
        wanted[conversation] = max(wanted[conversation] ?? .zero, seen)
        return isNew
    }

    /// Up to where a conversation has to be mended now; nil where that is done.
    func next(_ conversation: UUID) -> EventID? { wanted[conversation] }

    /// A conversation was mended; it is again where more is known to be lost meanwhile.
    mutating func isMended(_ conversation: UUID, upTo seen: EventID) {
        if let last = wanted[conversation], last <= seen { wanted[conversation] = nil }
    }

    mutating func giveUp(_ conversation: UUID) { wanted[conversation] = nil }
}
