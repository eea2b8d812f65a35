import Shared
import Testing

@testable import Gateway

/// What becomes of revocations, against a real Redis.
@Suite(.serialized) struct RevocationWatchTests {
    private static let life: Int64 = 10_000

    /// A Redis with an old and a young revocation, and gateways that tell for how long they need them; what it has after a
    /// sweep, and what the node knows. Redis' clock is ahead of the node's by some seconds.
    private func swept(
        _ gateways: [String: Int64?], life: Int64?, ahead: Int64 = 0
    ) async throws -> (stored: Set<String>, known: Int) {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let now = try #require(try await redis.call("TIME").elements?.first?.integer)
                _ = try await redis.call("ZADD", Keys.revocations, String(now - Self.life - 100), "j:old")
                _ = try await redis.call("ZADD", Keys.revocations, String(now - Self.life + 100), "j:young")
                for (name, seconds) in gateways {
                    let told = seconds.map { "{\"\(RevocationLife.field)\":\($0)}" } ?? "{}"
                    _ = try await redis.call("ZADD", Keys.nodes, "0", name)
                    _ = try await redis.call("SET", Keys.node(name), told)
                }
                let revocations = Revocations(leeway: 0)
                let watch = RevocationWatch(
                    redis: redis, revocations: revocations, life: life,
                    log: Logger(level: .error, format: .logfmt, base: [])
                ) { _ in }
                try await watch.look()
                try await watch.sweep(own: WallClock.nowMilliseconds() / 1_000 - ahead)
                let left = try await redis.call("ZRANGE", Keys.revocations, "0", "-1").elements?.compactMap(\.text)
                return (Set(left ?? []), revocations.count)
            }
        }
    }

    @Test func whatNoTokenIsAsOldAsGoes() async throws {
        let (stored, known) = try await swept(["a": Self.life, "b": 5_000], life: Self.life)
        #expect(stored == ["j:young"] && known == 1)
    }

    @Test func whileTheClocksDisagreeNothingGoes() async throws {
        let (stored, known) = try await swept(["a": Self.life], life: Self.life, ahead: 7_200)
        #expect(stored == ["j:old", "j:young"] && known == 2)
    }

    /// It has no bound, or is of a release that knows none.
    @Test func whatAnotherGatewayMayNeedStays() async throws {
        let (stored, known) = try await swept(["a": Self.life, "b": nil], life: Self.life)
        #expect(stored == ["j:old", "j:young"] && known == 1)
        let (longer, _) = try await swept(["a": Self.life, "b": 20_000], life: Self.life)
        #expect(longer == ["j:old", "j:young"])
    }

    @Test func whoHasNoBoundForgetsNothing() async throws {
        let (stored, known) = try await swept(["a": Self.life], life: nil)
        #expect(stored == ["j:old", "j:young"] && known == 2)
    }
}
