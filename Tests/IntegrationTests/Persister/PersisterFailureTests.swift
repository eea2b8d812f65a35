import Shared
import Testing

@testable import Persister

/// What goes wrong with one store, one partition or one persister, and must stay there.
@Suite struct PersisterFailureTests {
    /// Halving on each of them would take a dozen transactions for every one.
    @Test func oldClientIdsCostAFixedNumberOfStatements() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let old = (0..<50).map { ("old", "old-\($0)") }
            try await scribe.send(old)
            let before = try PersisterBench.start("one", redis: endpoint, url: url)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 50 })
            before.stop()
            // Every twentieth repeats one of them; three of them twice.
            for start in stride(from: 0, to: 1_000, by: 20) {
                try await scribe.send([(start % 40 == 0 ? "old" : "other", "old-\(start / 20)")], forget: true)
                try await scribe.send((0..<19).map { ("new", "\(start)-\($0)") })
            }
            try await scribe.send((0..<3).map { ("old", "old-\($0)") }, forget: true)
            let after = try PersisterBench.start("two", redis: endpoint, url: url)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 1_053 })
            after.stop()
            #expect(after.metrics.deadLetters.value == 0)
            // The plain one, the careful one, the positions, and one more where a client id comes twice in a batch.
            #expect(after.metrics.statements.value <= 4 * after.metrics.batches.value)
            #expect(await PersisterBench.count(pool, "duplicate_of is not null") == 28)
            #expect(await PersisterBench.count(pool, "reuses_client_id") == 25)
        }
    }

    @Test func aPartitionThatRedisRefusesHoldsNoOtherUp() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let spoilt = Scribe(redis, partitions: PersisterBench.partitions)
            var healthy = Scribe(redis, partitions: PersisterBench.partitions)
            while healthy.partition == spoilt.partition {
                healthy = Scribe(redis, partitions: PersisterBench.partitions)
            }
            for scribe in [spoilt, healthy] { try await scribe.open() }
            let dead = Keys.deadLetters(spoilt.partition)
            _ = try await redis.call("SET", dead, "no stream")
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            let size = Keys.size(healthy.partition)
            for round in 0..<5 {
                for scribe in [spoilt, healthy] { try await scribe.send([("text", "\(round)")]) }
                #expect(try await eventually(loop, within: 2_000) { try await redis.call("EXISTS", size).integer == 0 })
            }
            #expect(running.metrics.paused.value == 1)
            #expect(running.metrics.retries.value == 0)
            #expect(try await redis.call("EXISTS", Keys.cursor(spoilt.partition)).integer == 0)
            _ = try await redis.call("DEL", dead)
            let waiting = Keys.size(spoilt.partition)
            #expect(try await eventually(loop) { try await redis.call("EXISTS", waiting).integer == 0 })
            #expect(await PersisterBench.count(pool) == 10)
            running.stop()
        }
    }

    /// While PostgreSQL commits, Redis fails over to one that has another entry below the same cursor.
    @Test func nothingIsCommittedInAnotherRedisThanItWasReadFrom() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let stream = Keys.stream(scribe.partition)
            let running = try PersisterBench.start("failing", redis: endpoint, url: url)
            #expect(try await eventually(loop) { running.metrics.partitions.value == PersisterBench.partitions })
            try await pool.transaction { connection throws(PostgresError) in
                _ = try await connection.query("lock table messages")
                let isReady = try? await eventually(loop) {
                    try await scribe.send([("text", "\(UUID.random())")])
                    let waiting = try await connection.query(
                        "select count(*) from pg_locks where not granted and relation = 'messages'::regclass")
                    return waiting.rows.first?.integer(0) ?? 0 > 0
                }
                #expect(isReady == true)
                // The new one has lost what was read, and has accepted a message with an earlier id.
                let done = try? await Self.failOver(redis, stream, scribe, loop)
                #expect(done == true)
            }
            #expect(try await eventually(loop) { await PersisterBench.count(pool, "client_message_id = 'late'") == 1 })
            running.stop()
        }
    }

    private static func failOver(
        _ redis: RedisConnection, _ stream: String, _ scribe: Scribe, _ loop: EventLoop
    ) async throws -> Bool {
        let old = try await connections(redis)
        let first = try #require(
            try await redis.call("XRANGE", stream, "-", "+", "COUNT", "1").elements?.first?.elements?.first?.text)
        _ = try await redis.call("DEL", stream)
        try await scribe.send([("late", "late")])
        let late = try #require(
            try await redis.call("XREVRANGE", stream, "+", "-", "COUNT", "1").elements?.first?.elements?.last?.elements?
                .last?.bytes)
        _ = try await redis.call("DEL", stream)
        let place = try #require(StreamID(first))
        var command = RedisCommand("XADD", stream, "\(place.milliseconds - 1)-0", "e")
        command.add(late)
        _ = try await redis.call(command)
        for id in old { _ = try await redis.call("CLIENT", "KILL", "ID", id) }
        return try await eventually(loop) {
            let new = try await connections(redis)
            return new.count == old.count && Set(new).isDisjoint(with: old)
        }
    }

    /// The persister's connections that have signed in.
    private static func connections(_ redis: RedisConnection) async throws -> [String] {
        let clients = try await redis.call("CLIENT", "LIST").text ?? ""
        return clients.split(separator: "\n").filter { $0.contains("name=parley-failing") }.compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) }
        }
    }

    /// A persister that can't reach PostgreSQL leaves its share to one that can.
    @Test func whoCannotReachPostgreSQLLeavesThePartitionsToOthers() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let role = "r" + UUID.random().description.replacing("-", with: "")
            _ = try await pool.query("create role \(role) login password 'secret'")
            _ = try await pool.query("grant all on all tables in schema public to \(role)")
            let other = url.replacing("parley:parley@", with: "\(role):secret@")
            let cut = try PersisterBench.start(
                "cut", redis: endpoint, url: other, ["PARLEY_MIGRATE": "false", "PARLEY_DATABASE_TIMEOUT": "500ms"])
            let healthy = try PersisterBench.start("healthy", redis: endpoint, url: url)
            let half = PersisterBench.partitions / 2
            #expect(
                try await eventually(loop) {
                    cut.metrics.partitions.value == half && healthy.metrics.partitions.value == half
                })
            _ = try await pool.query("alter role \(role) nologin")
            _ = try await pool.query(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [.text(role)])
            let scribes = (0..<40).map { _ in Scribe(redis, partitions: PersisterBench.partitions) }
            for scribe in scribes {
                try await scribe.open()
                try await scribe.send([("text", "1")])
            }
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 40 })
            #expect(try await eventually(loop) { healthy.metrics.partitions.value == PersisterBench.partitions })
            #expect(cut.metrics.partitions.value == 0)
            _ = try await pool.query("alter role \(role) login")
            #expect(
                try await eventually(loop) {
                    cut.metrics.partitions.value == half && healthy.metrics.partitions.value == half
                })
            cut.stop()
            healthy.stop()
            _ = try await pool.query("drop owned by \(role)")
            _ = try await pool.query("drop role \(role)")
        }
    }
}
