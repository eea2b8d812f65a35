internal import Shared

/// Looks whether PostgreSQL's timeline has changed, and then compares what Redis knows with the rows: one node for all, paced.
///
/// Confined to its loop.
final class TimelineWatch {
    /// Milliseconds between two looks.
    private static let interval: Int64 = 2_000
    /// Keys that Redis looks at per step, and conversations that are compared at a time, which is so many milliseconds apart.
    private static let keysPerStep = "1000"
    private static let conversationsPerStep = 20
    private static let pause: Int64 = 20
    /// A node that dies in the middle is followed by another after so many milliseconds, which begins again.
    private static let lease: Int64 = 30_000

    private let postgres: PostgresPool
    private let redis: RedisConnection
    private let commits: LostCommits
    private let lease: PostgresLease
    private let log: Logger
    private let restored: Counter
    private let loop: EventLoop
    private var isAtIt = false

    init(
        node: String, postgres: PostgresPool, redis: RedisConnection, partitioning: Partitioning, restored: Counter,
        log: Logger, loop: EventLoop
    ) {
        self.postgres = postgres
        self.redis = redis
        self.restored = restored
        self.log = log
        self.loop = loop
        commits = LostCommits(postgres: postgres, redis: redis, partitioning: partitioning)
        lease = PostgresLease("timeline", owner: node, milliseconds: Self.lease)
    }

    func start() {
        loop.scheduleRepeating(every: Self.interval) { [self] in
            loop.spawn { await self.look() }
            return true
        }
    }

    /// One look, with all that follows from it.
    func look() async {
        guard !isAtIt else { return }
        isAtIt = true
        defer { isAtIt = false }
        do {
            guard case .changed(let timeline) = try await KnownTimeline.look(postgres), try await lease.take(postgres)
            else { return }
            log.warning(
                "PostgreSQL has another timeline, and may lack what was committed last",
                [.reason: .string(timeline.description)])
            let (compared, brought) = try await compareAll()
            try await KnownTimeline.recovered(timeline, postgres)
            try await lease.giveBack(postgres)
            log.warning(
                "what Redis knew was compared with PostgreSQL",
                [.count: .number(compared), .reason: .string("\(brought) conversations brought back")])
        } catch {
            // The next look begins again: what has been compared is equal.
            log.debug("the timeline can't be looked at", [.error: .string("\(error)")])
        }
    }

    private func compareAll() async throws -> (compared: Int, brought: Int) {
        var cursor = "0"
        var compared = 0
        var brought = 0
        repeat {
            // Of members and keys; what else the pattern finds is left out below.
            let reply = try await redis.call("SCAN", cursor, "MATCH", "{*}:c:*:[mk]e*", "COUNT", Self.keysPerStep)
            guard let parts = reply.elements, parts.count == 2, let next = parts[0].text else {
                throw RedisError.unexpectedReply("SCAN")
            }
            cursor = next
            let ids = Set((parts[1].elements ?? []).compactMap { $0.text.flatMap(Self.conversation) })
            for (number, id) in ids.enumerated() {
                if number % Self.conversationsPerStep == 0 {
                    guard try await lease.take(postgres) else { throw PostgresError.busy }
                    await loop.sleep(milliseconds: Self.pause)
                }
                switch try await commits.recover(id) {
                case .restored:
                    brought += 1
                    restored.increment()
                case .refused:
                    log.error(
                        "a conversation that PostgreSQL has lost can't be brought back", [.conversation: .uuid(id)])
                case .unchanged, .forgotten: break
                }
                compared += 1
            }
        } while cursor != "0"
        return (compared, brought)
    }

    /// The conversation of `{t}:c:<conversation>:members` or `:key`.
    static func conversation(_ key: String) -> UUID? {
        let words = key.split(separator: ":", omittingEmptySubsequences: false)
        guard words.count == 4, words[1] == "c", words[3] == "members" || words[3] == "key" else { return nil }
        return UUID(words[2])
    }
}
