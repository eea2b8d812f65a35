import Shared
import Testing

@testable import Persister

/// The commit script against a real Redis, and what it costs.
@Suite struct CommitScriptTests {
    private static let kept = 100

    /// The commit script as the persister calls it, which counts besides how many entries of streams it reads.
    private struct Bench {
        let redis: RedisConnection
        let scribe: Scribe
        private let counting: RedisScript

        init(_ redis: RedisConnection) throws {
            self.redis = redis
            scribe = Scribe(redis, partitions: 1)
            let text = String(decoding: RedisScripts.commit.source, as: UTF8.self)
            let firstLine = try #require(text.firstIndex(of: "\n"))
            let shim = """

                local real = redis
                local function counted(reply, command)
                    if command == 'XRANGE' or command == 'XREVRANGE' then real.call('INCRBY', 'reads', #reply) end
                    return reply
                end
                local redis = {
                    call = function(...) return counted(real.call(...), (...)) end,
                    pcall = function(...) return counted(real.pcall(...), (...)) end,
                    error_reply = real.error_reply,
                }

                """
            counting = RedisScript(Array((text[..<firstLine] + shim + text[firstLine...]).utf8))
        }

        func own() async throws {
            try await scribe.open()
            _ = try await redis.call("SET", Keys.owner(scribe.partition), "me")
        }

        /// The next entries of the stream, behind those that were committed.
        func waiting(_ count: Int) async throws -> [Entry] {
            let cursor = try await redis.call("GET", Keys.cursor(scribe.partition)).text ?? "0-0"
            let reply = try await redis.call(
                "XRANGE", Keys.stream(scribe.partition), "(" + cursor, "+", "COUNT", "\(count)")
            return try (reply.elements ?? []).map { item in
                let parts = try #require(item.elements)
                return Entry(
                    partition: scribe.partition, id: try #require(parts[0].text.flatMap { StreamID($0) }),
                    bytes: try #require(parts[1].elements?.last?.bytes))
            }
        }

        /// Commits them; returns how many entries of streams the script has read for that.
        func commit(_ entries: [Entry], counting counts: Bool = true) async throws -> Int {
            _ = try await redis.call("SET", "reads", "0")
            let commits = Commit.all(of: entries, Batch(entries).items, [], window: 43_200_000)
            let commit = try #require(commits.first)
            let script = counts ? counting : RedisScripts.commit
            let reply = try await redis.call(script, keys: [Keys.stream(scribe.partition)]) { command in
                command.add("me")
                command.add(commit.cursor.description)
                commit.addArguments(
                    to: &command, stateTTL: 86_400_000, window: 43_200_000, cacheEvents: CommitScriptTests.kept,
                    expiresMemory: true)
            }
            #expect(reply.integer == 1)
            return Int(try await redis.call("GET", "reads").integer ?? -1)
        }

        func cached() async throws -> [Int64] {
            let events = Keys.events(scribe.conversation, scribe.partition)
            return try await redis.call("XRANGE", events, "-", "+").elements?.compactMap {
                $0.elements?.first?.text?.split(separator: "-").first.flatMap { Int64($0) }
            } ?? []
        }
    }

    private func bench(_ body: @escaping @Sendable (Bench) async throws -> Void) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let bench = try Bench(redis)
                try await bench.own()
                try await body(bench)
            }
        }
    }

    /// After an outage thousands of events of a conversation wait: none is read again and again while they are
    /// committed.
    @Test(arguments: [10, 500]) func aBacklogIsReadOnce(_ batch: Int) async throws {
        try await bench { bench in
            let ids = try await bench.scribe.send((0..<3_000).map { ("text", "\($0)") })
            var committed = 0
            var reads = 0
            while case let entries = try await bench.waiting(batch), !entries.isEmpty {
                let read = try await bench.commit(entries)
                #expect(read <= Self.kept)
                reads += read
                committed += entries.count
                let left = ids[max(0, committed - Self.kept)...]
                #expect(try await bench.cached() == Array(left))
            }
            #expect(committed == 3_000)
            #expect(reads <= 3_000)
        }
    }

    /// A persister of the first release moves `done` and counts nothing; what it has left is put right when all is
    /// committed.
    @Test func aCountThatNobodyKeptIsNotBelieved() async throws {
        try await bench { bench in
            let ids = try await bench.scribe.send((0..<1_000).map { ("text", "\($0)") })
            let key = Keys.conversation(bench.scribe.conversation, bench.scribe.partition)
            _ = try await bench.commit(try await bench.waiting(150))
            #expect(try await redis(bench, "held") == "100@\(ids[149])")
            _ = try await bench.redis.call("HSET", key, "done", "\(ids[299])")
            let last = try #require(try await bench.waiting(150).last)
            _ = try await bench.redis.call("SET", Keys.cursor(bench.scribe.partition), last.id.description)
            _ = try await bench.commit(try await bench.waiting(50))
            #expect(try await bench.cached() == Array(ids[50...]))
            let read = try await bench.commit(try await bench.waiting(1_000))
            #expect(read <= Self.kept)
            #expect(try await bench.cached() == Array(ids[900...]))
            #expect(try await redis(bench, "floor") == "\(ids[900] - 1)")
        }
    }

    /// Without a backlog a commit reads what goes, not all that stays.
    @Test func oneAtATimeReadsOne() async throws {
        try await bench { bench in
            try await bench.scribe.send((0..<Self.kept).map { ("text", "\($0)") })
            _ = try await bench.commit(try await bench.waiting(1_000))
            for number in 0..<5 {
                try await bench.scribe.send([("text", "more \(number)")])
                #expect(try await bench.commit(try await bench.waiting(10)) == 1)
                #expect(try await bench.cached().count == Self.kept)
            }
        }
    }

    /// Copies that nothing takes the expiry off have it moved seldom.
    @Test func longExpiriesAreSetSeldom() async throws {
        try await bench { bench in
            let key = Keys.conversation(bench.scribe.conversation, bench.scribe.partition)
            try await bench.scribe.send([("text", "1")])
            _ = try await bench.commit(try await bench.waiting(10))
            #expect((try await bench.redis.call("PTTL", key + ":members").integer ?? 0) > 86_000_000)
            _ = try await bench.redis.call("PEXPIRE", key + ":members", "50000000")
            try await bench.scribe.send([("text", "2")])
            _ = try await bench.commit(try await bench.waiting(10))
            #expect((try await bench.redis.call("PTTL", key + ":members").integer ?? 0) <= 50_000_000)
            _ = try await bench.redis.call("HSET", key, "renewed", "1")
            try await bench.scribe.send([("text", "3")])
            _ = try await bench.commit(try await bench.waiting(10))
            #expect((try await bench.redis.call("PTTL", key + ":members").integer ?? 0) > 86_000_000)
        }
    }

    private func redis(_ bench: Bench, _ field: String) async throws -> String? {
        try await bench.redis.call(
            "HGET", Keys.conversation(bench.scribe.conversation, bench.scribe.partition), field
        ).text
    }
}
