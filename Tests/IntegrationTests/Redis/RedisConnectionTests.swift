import Shared
import Testing

@Suite struct RedisConnectionTests {
    @Test func repliesComeInOrderAndRefusalsHitTheirCommand() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let replies = try await redis.pipeline((0..<500).map { RedisCommand("ECHO", String($0)) })
                #expect(replies.compactMap(\.text) == (0..<500).map(String.init))
                await #expect(throws: RedisError.self) { try await redis.call("NONSENSE") }
                #expect(try await redis.call("PING").text == "PONG")
            }
        }
    }

    @Test func aCutConnectionComesBackAndScriptsAreLoadedAgain() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let script = RedisScript(Array("return ARGV[1] -- \(UUID.random())".utf8))
                #expect(try await redis.call(script, keys: []) { $0.add("b") }.text == "b")
                let id = try #require(try await redis.call("CLIENT", "ID").integer)
                await #expect(throws: RedisError.self) {
                    try await redis.pipeline([
                        RedisCommand("CLIENT", "KILL", "ID", String(id), "SKIPME", "no"), RedisCommand("PING"),
                    ])
                }
                await redis.waitUntilReady()
                #expect(try await redis.call("PING").text == "PONG")
            }
        }
    }

    /// A call that isn't answered ends by its deadline, and the connection with it: its replies would be off by one.
    @Test func deadlines() async throws {
        try await onLoop { loop in
            let endpoint = try TestServers.redis(database: 0)
            let redis = RedisConnection(endpoint, name: "test-deadline", timeout: 200, on: loop)
            redis.start()
            await redis.waitUntilReady()
            await #expect(throws: RedisError.timeout) { try await redis.call("BLPOP", "nothing-\(UUID.random())", "2") }
            await redis.waitUntilReady()
            #expect(try await redis.call("ECHO", "x").text == "x")
            redis.stop()
        }
    }

    @Test func subscriptionsOutliveTheConnection() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let name = "test-\(UUID.random())"
                let subscriber = RedisSubscriber(endpoint, name: name, timeout: 5_000, on: loop)
                var confirmed = 0
                var messages: [String] = []
                subscriber.onSubscribed = { _ in confirmed += 1 }
                subscriber.onMessage = { _, payload in messages.append(String(decoding: payload, as: UTF8.self)) }
                let channel = "channel-\(UUID.random())"
                subscriber.subscribe(channel)
                subscriber.start()
                #expect(try await eventually(loop) { confirmed == 1 })
                _ = try await redis.call("PUBLISH", channel, "one")
                #expect(try await eventually(loop) { messages == ["one"] })
                subscriber.reconnect()
                #expect(try await eventually(loop) { confirmed == 2 })
                _ = try await redis.call("PUBLISH", channel, "two")
                #expect(try await eventually(loop) { messages == ["one", "two"] })
                subscriber.stop()
            }
        }
    }

    /// A managed Redis, or a user without the right, doesn't say how it is set: that must not keep anybody from starting.
    @Test func settingsThatAreNotToldAreAWarning() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let user = "limited-\(UUID.random())"
                _ = try await redis.call("ACL", "SETUSER", user, "on", ">p@ss", "~*", "&*", "+@all", "-config")
                var limited = endpoint
                limited.user = user
                limited.password = "p@ss"
                let other = RedisConnection(limited, name: "test-limited", timeout: 5_000, on: loop)
                other.start()
                await other.waitUntilReady()
                let problems = try await RedisDurability.problems(other)
                #expect(problems.count == 1 && problems[0].contains("NOPERM"), "\(problems)")
                other.stop()
                _ = try await redis.call("ACL", "DELUSER", user)
            }
        }
    }

    /// After a failover it is another Redis, set otherwise.
    @Test func settingsAreLookedAtAgainAfterAReconnect() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let watched = RedisConnection(endpoint, name: "test-watch", timeout: 5_000, on: loop)
                watched.start()
                await watched.waitUntilReady()
                var reports: [[String]] = []
                try await RedisDurability.watch(watched, on: loop) { reports.append($0) }
                #expect(reports.count == 1)
                _ = try await redis.call("CONFIG", "SET", "no-appendfsync-on-rewrite", "yes")
                _ = try await redis.call(
                    "CLIENT", "KILL", "ID", String(try #require(try await watched.call("CLIENT", "ID").integer)))
                #expect(try await eventually(loop) { reports.count == 2 })
                #expect(reports[1].contains { $0.hasPrefix("no-appendfsync-on-rewrite is yes") })
                _ = try await redis.call("CONFIG", "SET", "no-appendfsync-on-rewrite", "no")
                watched.stop()
            }
        }
    }
}
