import Shared
import Testing

@Suite struct TakeScriptTests {
    private func take(
        _ redis: RedisConnection, _ key: String, debt: Int64 = 0, want: Int64, interval: String = "1000.0",
        burst: Int64 = 10
    ) async throws -> [Int64] {
        let reply = try await redis.call(RedisScripts.take, keys: [key]) {
            $0.add(interval)
            $0.add(burst)
            $0.add(debt)
            $0.add(want)
        }
        return try #require(reply.elements).compactMap(\.integer)
    }

    @Test func itGivesWhatThereIsAndSaysWhenThereIsMore() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let key = "rate:test:\(UUID.random())"
                #expect(try await take(redis, key, want: 4).first == 4)
                #expect(try await take(redis, key, want: 20).first == 6)
                let empty = try await take(redis, key, want: 1)
                #expect(empty[0] == 0 && empty[1] > 500 && empty[1] <= 1_000)
                // What nobody used comes back.
                #expect(try await take(redis, key, want: -3) == [-3, 1])
                #expect(try await take(redis, key, want: 5).first == 3)
            }
        }
    }

    @Test func whatWasSpentAheadIsOwed() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let key = "rate:test:\(UUID.random())"
                #expect(try await take(redis, key, debt: 2, want: 20).first == 8)
                let owing = try await take(redis, key, debt: 3, want: 1)
                #expect(owing[0] == 0 && owing[1] > 3_000 && owing[1] <= 4_000)
            }
        }
    }

    /// The limit was changed while buckets were empty.
    @Test func aFasterLimitIsNotHeldBackByASlowerOne() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let key = "rate:test:\(UUID.random())"
                _ = try await take(redis, key, want: 10, interval: "60000.0")
                let after = try await take(redis, key, want: 1, interval: "10.0")
                #expect(after[0] == 0 && after[1] <= 110)
            }
        }
    }

    /// A key that expires is deleted in the append-only file and in replicas, too.
    @Test func aBucketInUseDoesNotExpireAndOneThatIsFullGoesAfterAMinute() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let key = "rate:test:\(UUID.random())"
                _ = try await take(redis, key, want: 2, interval: "0.5")
                #expect(try await take(redis, key, want: -2, interval: "0.5").first == -2)
                let idle = try #require(try await redis.call("PTTL", key).integer)
                #expect(idle > 59_000 && idle <= 60_010)
                _ = try await take(redis, key, want: 10)
                let kept = try #require(try await redis.call("PTTL", key).integer)
                #expect(kept > 59_000 && kept <= idle, "what lives long enough isn't prolonged")
                _ = try await redis.call("PEXPIRE", key, "29000")
                _ = try await take(redis, key, want: 1)
                let lifetime = try #require(try await redis.call("PTTL", key).integer)
                #expect(lifetime > 68_000 && lifetime <= 70_000)
            }
        }
    }
}
