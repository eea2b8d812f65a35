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
    /// Milliseconds between two looks for revocations that nobody needs any more.
    private static let sweepInterval: Int64 = 600_000

    private let redis: RedisConnection
    private let revocations: Revocations
    private let log: Logger
    /// Seconds for which this node needs a revocation; nil for ever.
    private let life: Int64?
    private let end: (EndedSessions) -> Void
    /// Up to this second of Redis' clock everything was seen.
    private var seen: Int64 = 0
    private var nextSweep: Int64 = 0
    private var isLooking = false

    /// `end` makes the workers end sessions.
    init(
        redis: RedisConnection, revocations: Revocations, life: Int64?, log: Logger,
        end: @escaping (EndedSessions) -> Void
    ) {
        self.redis = redis
        self.revocations = revocations
        self.life = life
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
                try await self.sweepIfDue()
            } catch {
                self.log.warning("revocations can't be read", [.error: .describing(error)])
            }
            self.isLooking = false
        }
    }

    func look() async throws(RedisError) {
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
        let kicked = replies[2].elements?.compactMap(\.text) ?? []
        revocations.add(revoked)
        seen = max(0, now)
        if !revoked.isEmpty || !kicked.isEmpty { end(EndedSessions(kicked: kicked, revoked: revoked.map(\.name))) }
    }

    private func sweepIfDue() async throws(RedisError) {
        guard redis.loop.now >= nextSweep else { return }
        nextSweep = redis.loop.now + Self.sweepInterval
        try await sweep()
    }

    /// Forgets what concerns no token any more: here what this node doesn't need, in Redis what no gateway does. `own` is the
    /// second of the node's clock.
    func sweep(own: Int64 = WallClock.nowMilliseconds() / 1_000) async throws(RedisError) {
        guard let life else { return }
        let jumps = ClockJumps(try await redis.call("ZRANGE", Keys.clock[1], "0", "-1").elements ?? [])
        let age = RevocationAge(redis: seen, own: own, jumps: jumps)
        guard let needless = age.end(ofThoseNeededFor: life) else {
            return log.warning("revocations are kept: the node's clock isn't Redis'")
        }
        revocations.forget(upTo: needless)
        guard let needed = RevocationLife.needed(by: try await SessionDirectory.nodes(redis)),
            let end = age.end(ofThoseNeededFor: needed)
        else { return }
        _ = try await redis.call("ZREMRANGEBYSCORE", Keys.revocations, "-inf", String(end))
    }

    private static func members(_ reply: RedisReply) -> [(name: String, second: Int64)] {
        let texts = reply.elements?.compactMap(\.text) ?? []
        return stride(from: 0, to: texts.count - 1, by: 2).compactMap { position in
            Int64(texts[position + 1]).map { (texts[position], $0) }
        }
    }
}

/// What was ended within the last minute.
struct EndedSessions: Sendable {
    /// Ids of sessions that an operator has ended.
    let kicked: [String]
    /// Revocations, `u:<user>` or `j:<jti>`.
    let revoked: [String]
}

/// How a worker ends sessions.
extension Worker {
    /// Ends the sessions that are named, and those whose tokens are revoked.
    func endSessions(_ ended: EndedSessions) {
        for id in ended.kicked {
            sessionIndex[id]?.fail(StompFailure(.sessionEnded, "An operator has ended the session."))
        }
        for name in ended.revoked {
            for session in sessionIndex.concerned(by: name) where node.revocations.covers(session.identity) {
                session.fail(StompFailure(.tokenRevoked, "The token was revoked."))
            }
        }
    }
}
