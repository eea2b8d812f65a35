internal import Shared

/// Looks twice a second at what was revoked and which sessions were ended, and tells all workers.
///
/// It reads instead of listening, since a published word can be lost: what Redis holds is the fact. Each look goes back a
/// minute, so that a handshake which was under way, a slow writer, or a look that failed lets nothing slip through. Confined
/// to the first worker's loop.
final class RevocationWatch {
    /// Milliseconds between two looks.
    private static let interval: Int64 = 500
    /// Seconds that each look goes back.
    private static let overlap: Int64 = 60

    private let redis: RedisConnection
    private let revocations: Revocations
    private let log: Logger
    private let end: (_ kicked: Set<String>, _ checksTokens: Bool) -> Void
    /// Up to this second of Redis' clock everything was seen.
    private var seen: Int64 = 0
    private var isLooking = false

    /// `end` makes the workers end sessions: those that are named, and, where it says so, those whose tokens are revoked.
    init(
        redis: RedisConnection, revocations: Revocations, log: Logger,
        end: @escaping (_ kicked: Set<String>, _ checksTokens: Bool) -> Void
    ) {
        self.redis = redis
        self.revocations = revocations
        self.log = log
        self.end = end
    }

    /// Reads everything, before anybody is let in, then looks from time to time; calls `ready` in between.
    func start(_ ready: @escaping () -> Void) {
        redis.loop.spawn {
            await self.load()
            self.watch()
            ready()
        }
    }

    private func load() async {
        while true {
            await redis.waitUntilReady()
            do throws(RedisError) {
                return try await look()
            } catch {
                log.warning("revocations can't be read", [.error: .describing(error)])
                await redis.loop.sleep(milliseconds: Self.interval)
            }
        }
    }

    private func watch() {
        redis.loop.scheduleRepeating(every: Self.interval) { [weak self] in
            guard let self else { return false }
            lookSoon()
            return true
        }
    }

    private func lookSoon() {
        guard !isLooking, redis.isReady else { return }
        isLooking = true
        redis.loop.spawn {
            do throws(RedisError) {
                try await self.look()
            } catch {
                self.log.warning("revocations can't be read", [.error: .describing(error)])
            }
            self.isLooking = false
        }
    }

    private func look() async throws(RedisError) {
        let since = String(max(0, seen - Self.overlap))
        let replies = try await redis.pipeline([
            RedisCommand("TIME"),
            RedisCommand("ZRANGEBYSCORE", Keys.revocations, since, "+inf", "WITHSCORES"),
            RedisCommand("ZRANGEBYSCORE", Keys.kicks, since, "+inf"),
        ])
        guard replies.count == 3, let now = replies[0].elements?.first?.integer else {
            throw .unexpectedReply("TIME")
        }
        let revoked = Self.members(replies[1])
        let kicked = Set(replies[2].elements?.compactMap(\.text) ?? [])
        revocations.add(revoked)
        seen = max(0, now)
        if !revoked.isEmpty || !kicked.isEmpty { end(kicked, !revoked.isEmpty) }
    }

    private static func members(_ reply: RedisReply) -> [(name: String, second: Int64)] {
        let texts = reply.elements?.compactMap(\.text) ?? []
        return stride(from: 0, to: texts.count - 1, by: 2).compactMap { position in
            Int64(texts[position + 1]).map { (texts[position], $0) }
        }
    }
}

/// How a worker ends sessions.
extension Worker {
    /// Ends the sessions that are named, and, where `checksTokens`, those whose tokens are revoked.
    func endSessions(_ kicked: Set<String>, checksTokens: Bool) {
        for session in clientSessions {
            if kicked.contains(session.id) {
                session.fail(StompFailure(.sessionEnded, "An operator has ended the session."))
            } else if checksTokens, node.revocations.covers(session.identity) {
                session.fail(StompFailure(.tokenRevoked, "The token was revoked."))
            }
        }
    }
}
