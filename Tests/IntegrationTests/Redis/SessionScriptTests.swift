import Shared
import Testing

@testable import Gateway

@Suite struct SessionScriptTests {
    private func facts(_ incarnation: String) -> String { #"{"id":"a","incarnation":"\#(incarnation)"}"# }

    private func beat(_ redis: RedisConnection, _ incarnation: String, replacing dead: String = "") async throws
        -> Int64?
    {
        let reply = try await redis.call(RedisScripts.beat, keys: ["node:a", "nodes"]) {
            for word in ["a", incarnation, facts(incarnation), "15000", "1", dead] { $0.add(word) }
        }
        return reply.elements?.first?.integer
    }

    private func enter(_ redis: RedisConnection, _ user: UUID, _ id: String, limit: Int64 = 2) async throws -> Int64? {
        try await redis.call(RedisScripts.enter, keys: [Keys.sessions(ofUser: user), "sessions:a"]) {
            for word in [id, "a", #"{"id":"\#(id)","user":"\#(user)"}"#] { $0.add(word) }
            $0.add(limit)
        }.integer
    }

    private func sweep(_ redis: RedisConnection, _ cursor: String = "0") async throws -> [RedisReply] {
        try await redis.call(RedisScripts.sweep, keys: ["node:a", "sessions:a", "nodes"]) {
            for word in ["a", cursor, "10"] { $0.add(word) }
        }.elements ?? []
    }

    /// What the clock script tells of jumps.
    private func jumps(_ redis: RedisConnection) async throws -> [String] {
        let reply = try await redis.call(RedisScripts.clock, keys: Keys.clock) { $0.add(Int64(86_400_000)) }
        return try #require(reply.elements).dropFirst().compactMap(\.text)
    }

    @Test func aClockThatGoesBackIsNoted() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                for _ in 0..<2 { #expect(try await jumps(redis).isEmpty) }
                let now = WallClock.nowMilliseconds()
                // As if the clock had been ahead when somebody looked last.
                _ = try await redis.call("SET", Keys.clock[0], String(now + 720_000))
                let noted = try await jumps(redis)
                let times = try #require(noted.first).split(separator: " ").compactMap { Int64($0) }
                #expect(noted.count == 1 && times.count == 3 && times[0] == times[1])
                #expect(times[1] >= now && times[1] < now + 10_000 && times[2] == now + 720_000)
                #expect(try await jumps(redis) == noted, "it is noted once")
                _ = try await redis.call("ZADD", Keys.clock[1], String(now - 86_400_001), "1 1 2")
                #expect(try await jumps(redis) == noted, "what was long ago is forgotten")
            }
        }
    }

    /// However far ahead the clock had been, a jump is numbered and forgotten by when it was noted.
    @Test func jumpsAreNumberedInTheOrderInWhichTheyAreNoted() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let now = WallClock.nowMilliseconds()
                // The last one was noted by a clock that was ahead itself.
                _ = try await redis.call("ZADD", Keys.clock[1], String(now + 60_000), "\(now + 60_000) 1 2")
                _ = try await redis.call("SET", Keys.clock[0], String(now + 31_536_000_000))
                let noted = try await jumps(redis)
                #expect(noted.count == 2 && noted[1].hasPrefix("\(now + 60_001) "))
                let score = try await redis.call("ZRANGE", Keys.clock[1], "-1", "-1", "WITHSCORES").elements?.last?.text
                #expect(score == String(now + 60_001))
            }
        }
    }

    @Test func theNewestHundredJumpsAreKept() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let now = WallClock.nowMilliseconds()
                for number in 1...120 {
                    let noted = now - 1_000 + Int64(number)
                    _ = try await redis.call("ZADD", Keys.clock[1], String(noted), "\(noted) 1 2")
                }
                let kept = try await jumps(redis)
                #expect(kept.count == 100 && kept.last == "\(now - 880) 1 2")
            }
        }
    }

    @Test(arguments: ["", "abc", "nan", "inf", "-inf"]) func whatIsNoTimeIsReplaced(text: String) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                _ = try await redis.call("SET", Keys.clock[0], text)
                #expect(ClockJumps(try await jumps(redis).map { .string(Array($0.utf8)) }).latest == 0)
                let time = try await redis.call("GET", Keys.clock[0]).integer ?? 0
                #expect(abs(time - WallClock.nowMilliseconds()) < 10_000)
            }
        }
    }

    @Test func aNameBelongsToOneProcessAtATime() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                #expect(try await beat(redis, "one") == 1)
                #expect(try await beat(redis, "one") == 0)
                #expect(try await beat(redis, "two") == 2)
                #expect(
                    try await beat(redis, "two", replacing: facts("one")) == 1, "of a process that is known to be dead")
                #expect(try await beat(redis, "one", replacing: "something older") == 2)
                let early = try await redis.call(RedisScripts.leave, keys: ["node:a"]) { $0.add("one") }
                #expect(early.integer == 0)
                #expect(try await redis.call("EXISTS", "node:a").integer == 1)
                let left = try await redis.call(RedisScripts.leave, keys: ["node:a"]) { $0.add("two") }
                #expect(left.integer == 1)
            }
        }
    }

    /// The first release writes its entry without asking, and tells no incarnation.
    @Test func anEntryOfTheFirstReleaseIsAnothersName() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                _ = try await redis.call("SET", "node:a", #"{"id":"a","version":"1.0.0"}"#, "PX", "15000")
                #expect(try await beat(redis, "two") == 2)
            }
        }
    }

    /// A node comes back while another sweeps it: what it writes from then on stays.
    @Test func nothingIsSweptOfANodeThatHasComeBack() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let user = UUID.random()
                for number in 0..<1_000 { #expect(try await enter(redis, user, "s-\(number)", limit: 5_000) == 1) }
                var parts = try await sweep(redis)
                let taken = try #require(parts[0].integer)
                #expect(taken > 0 && taken < 1_000)
                #expect(try await beat(redis, "one") == 1)
                parts = try await sweep(redis, try #require(parts[1].text))
                #expect(parts[0].integer == -1)
                #expect(try await redis.call("HLEN", "sessions:a").integer == 1_000 - taken)
                #expect(try await redis.call("HLEN", Keys.sessions(ofUser: user)).integer == 1_000 - taken)
            }
        }
    }

    @Test func aDeadNodeIsSweptToItsEnd() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let user = UUID.random()
                #expect(try await beat(redis, "one") == 1)
                for number in 0..<1_000 { #expect(try await enter(redis, user, "s-\(number)", limit: 5_000) == 1) }
                _ = try await redis.call("DEL", "node:a")
                var cursor = "0"
                var count: Int64 = 0
                repeat {
                    let parts = try await sweep(redis, cursor)
                    count += try #require(parts[0].integer)
                    cursor = try #require(parts[1].text)
                } while cursor != "0"
                #expect(count == 1_000)
                #expect(try await redis.call("EXISTS", "sessions:a", Keys.sessions(ofUser: user), "nodes").integer == 0)
            }
        }
    }

    @Test func concurrentConnectsDoNotPassTheLimit() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let user = UUID.random()
                #expect(try await beat(redis, "one") == 1)
                // All at once: none waits for the answer of another.
                _ = try await redis.call(RedisScripts.enter.loadCommand)
                let commands = (0..<10).map { number in
                    var command = RedisScripts.enter.command(keys: [Keys.sessions(ofUser: user), "sessions:a"])
                    for word in ["s-\(number)", "a", #"{"user":"\#(user)"}"#, "2"] { command.add(word) }
                    return command
                }
                #expect(try await redis.pipeline(commands).compactMap(\.integer).reduce(0, +) == 2)
            }
        }
    }

    @Test func whatIsLeftOfLostSessionsDoesNotCountAgainstTheLimit() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let user = UUID.random()
                #expect(try await beat(redis, "one") == 1)
                #expect(try await enter(redis, user, "lives") == 1)
                // Of a node that is dead, and of one that lives and doesn't have it any more.
                _ = try await redis.call("HSET", Keys.sessions(ofUser: user), "phantom", "a", "old", "dead-node")
                #expect(try await enter(redis, user, "new") == 1)
                #expect(try await enter(redis, user, "one too many") == 0)
                #expect(try await redis.call("HLEN", Keys.sessions(ofUser: user)).integer == 2)
            }
        }
    }

    @Test func aUsersSessionsAreFoundWithoutReadingThoseOfOthers() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let (user, other) = (UUID.random(), UUID.random())
                #expect(try await beat(redis, "one") == 1)
                #expect(try await enter(redis, user, "his") == 1)
                for number in 0..<100 { #expect(try await enter(redis, other, "o-\(number)", limit: 1_000) == 1) }
                _ = try await redis.call("CONFIG", "RESETSTAT")
                let found = try await SessionDirectory.sessions(of: user, redis)
                #expect(found.compactMap { $0["id"]?.string } == ["his"])
                let stats = try await redis.call("INFO", "commandstats").text ?? ""
                #expect(!stats.contains("cmdstat_hvals"))
                _ = try await redis.call("HSET", Keys.sessions(ofUser: user), "old", "dead-node")
                #expect(try await SessionDirectory.sessions(of: user, redis).count == 1)
            }
        }
    }
}
