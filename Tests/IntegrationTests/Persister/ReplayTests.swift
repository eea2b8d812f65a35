import Shared
import Testing

@testable import Persister

/// Committed entries are kept for a while, and written again where PostgreSQL has lost them.
@Suite struct ReplayTests {
    private static let keep = ["PARLEY_REPLAY_KEEP": "10m"]

    private func waiting(_ redis: RedisConnection, _ partition: Partition) async throws -> Bool {
        try await redis.call("EXISTS", Keys.size(partition)).integer == 1
    }

    /// A standby that lagged has neither the last messages nor the positions that moved with them.
    @Test func whatPostgreSQLHasLostIsWrittenAgainByItself() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let running = try PersisterBench.start("one", redis: endpoint, url: url, Self.keep)
            try await scribe.send((0..<300).map { ("text", "a\($0)") })
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 300 })
            #expect(try await eventually(loop) { try await !waiting(redis, scribe.partition) })
            _ = try await pool.query("create table old as select * from messages")
            _ = try await pool.query("create table old_meta as select * from parley_meta")
            try await scribe.send((0..<200).map { ("text", "b\($0)") })
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 500 })
            #expect(try await eventually(loop) { try await !waiting(redis, scribe.partition) })
            try await pool.transaction { connection throws(PostgresError) in
                for statement in [
                    "delete from messages", "insert into messages select * from old", "delete from parley_meta",
                    "insert into parley_meta select * from old_meta",
                ] {
                    _ = try await connection.query(statement)
                }
            }
            // Nobody sends anything: it is noticed all the same.
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 500 })
            #expect(running.metrics.replays.value == 1 && running.metrics.replayGaps.value == 0)
            #expect(
                try await eventually(loop) {
                    try await redis.call("EXISTS", Keys.replay(scribe.partition)).integer == 0
                })
            #expect(try await redis.call("GET", Keys.kept(scribe.partition)).text?.hasPrefix("500 ") == true)
            #expect(try await !waiting(redis, scribe.partition))
            // The next batch finds it too, before anything else has looked.
            _ = try await pool.query("delete from messages where client_message_id like 'b%'")
            _ = try await pool.query(
                "update parley_meta m set value = o.value from old_meta o where o.key = m.key and m.key like 'pos%'")
            try await scribe.send([("text", "c")])
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 501 })
            running.stop()
            #expect(running.metrics.deadLetters.value == 0)
            #expect(await PersisterBench.count(pool, "duplicate_of is not null or reuses_client_id") == 0)
        }
    }

    /// `parley replay` does it by hand, where the positions say nothing: somebody has deleted rows.
    @Test func anOperatorMovesTheCursorBack() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let running = try PersisterBench.start("one", redis: endpoint, url: url, Self.keep)
            try await scribe.send((0..<100).map { ("text", "\($0)") })
            _ = try await redis.call("XADD", Keys.stream(scribe.partition), "*", "e", "noise")
            #expect(try await eventually(loop) { try await !waiting(redis, scribe.partition) })
            #expect(try await redis.call("XLEN", Keys.deadLetters(scribe.partition)).integer == 1)
            _ = try await pool.query("delete from messages")
            let reply = try await redis.call(RedisScripts.replay, keys: [Keys.stream(scribe.partition)]) { command in
                command.add("")
                command.add("0-0")
            }
            #expect(reply.elements?.count == 3 && reply.elements?[1].text == "0-0")
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 100 })
            #expect(
                try await eventually(loop) {
                    try await redis.call("EXISTS", Keys.replay(scribe.partition)).integer == 0
                })
            // What was a dead letter is one, once.
            #expect(try await redis.call("XLEN", Keys.deadLetters(scribe.partition)).integer == 1)
            let letter = try #require(
                try await redis.call("XRANGE", Keys.deadLetters(scribe.partition), "-", "+").elements?.first?.elements?
                    .first?.text)
            let retried = try await redis.call(RedisScripts.retry, keys: [Keys.stream(scribe.partition)]) {
                $0.add(letter)
            }
            #expect(retried.integer == 1)
            #expect(
                try await eventually(loop) {
                    try await redis.call("XLEN", Keys.deadLetters(scribe.partition)).integer == 1
                })
            running.stop()
        }
    }

    /// What is kept doesn't wait: neither the number nor the bytes of it make accepting full.
    @Test func whatIsKeptLeavesRoomForWhatWaits() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let running = try PersisterBench.start("one", redis: endpoint, url: url, Self.keep)
            for round in 0..<4 {
                try await scribe.send((0..<60).map { ("text", "\(round)-\($0)") }, entries: 64, bytes: 40_000)
                #expect(try await eventually(loop) { try await !waiting(redis, scribe.partition) })
            }
            #expect(try await redis.call("XLEN", Keys.stream(scribe.partition)).integer == 240)
            #expect(await PersisterBench.count(pool) == 240)
            #expect(try await eventually(loop) { running.metrics.kept.value == 240 })
            #expect(running.metrics.window.value > 0)
            running.stop()
        }
    }

    /// A gateway of the first release takes everything in a stream for waiting: while there is one nothing is kept.
    @Test func nothingIsKeptBesideAnOlderProcess() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, _, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let stream = Keys.stream(scribe.partition)
            let running = try PersisterBench.start("one", redis: endpoint, url: url, Self.keep)
            try await scribe.send((0..<50).map { ("text", "\($0)") })
            #expect(try await eventually(loop) { running.metrics.kept.value == 50 })
            // Another one has claimed the partition, and commits nothing.
            _ = try await redis.call("SET", Keys.owner(scribe.partition), "an older persister", "PX", "60000")
            _ = try await redis.call("ZADD", Keys.nodes, "1", "old")
            _ = try await redis.call("SET", Keys.node("old"), #"{"id":"old"}"#)
            #expect(try await eventually(loop) { try await redis.call("XLEN", stream).integer == 0 })
            #expect(try await eventually(loop) { running.metrics.kept.value == 0 })
            running.stop()
            _ = try await redis.call("DEL", Keys.owner(scribe.partition))
            // One of its persisters moves the cursor and drops what it commits: what was counted before isn't believed.
            let ids = try await scribe.send((0..<5).map { ("text", "old \($0)") })
            #expect(ids.count == 5)
            _ = try await redis.call("SET", Keys.kept(scribe.partition), "40 0-0")
            try await scribe.send([("text", "fits")], entries: 6)
            await #expect(throws: Scribe.Refusal.self) { try await scribe.send([("text", "doesn't")], entries: 6) }
            let again = try PersisterBench.start("two", redis: endpoint, url: url, Self.keep)
            #expect(try await eventually(loop) { try await redis.call("XLEN", stream).integer == 0 })
            #expect(again.metrics.replays.value == 0 && again.metrics.replayGaps.value == 0)
            again.stop()
        }
    }

    @Test func oldEntriesGoAndThePositionOfTheRestIsKnown() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, _, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let running = try PersisterBench.start("one", redis: endpoint, url: url, ["PARLEY_REPLAY_KEEP": "2s"])
            try await scribe.send((0..<50).map { ("text", "\($0)") })
            #expect(try await eventually(loop) { running.metrics.kept.value == 50 })
            #expect(try await eventually(loop) { running.metrics.kept.value == 0 })
            let trimmed = try await redis.call("GET", Keys.trimmed(scribe.partition)).text.flatMap { StreamID($0) }
            let cursor = try await redis.call("GET", Keys.cursor(scribe.partition)).text.flatMap { StreamID($0) }
            #expect(try #require(trimmed) <= #require(cursor))
            #expect(try await redis.call("XLEN", Keys.stream(scribe.partition)).integer == 0)
            running.stop()
        }
    }

    /// A persister of the first release commits without telling PostgreSQL how far it is: nothing is lost by that. A
    /// PostgreSQL that has lost more than Redis has kept is told as that, once.
    @Test func whoWroteWithoutPositionsHasLostNothing() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let partition = scribe.partition
            let first = try PersisterBench.start("one", redis: endpoint, url: url, Self.keep)
            try await scribe.send([("text", "1")])
            #expect(try await eventually(loop) { try await redis.call("EXISTS", Keys.cursor(partition)).integer == 1 })
            first.stop()
            let cursor = try #require(try await redis.call("GET", Keys.cursor(partition)).text.flatMap { StreamID($0) })
            let moved = "\(cursor.milliseconds + 1)-0"
            _ = try await redis.call("SET", Keys.cursor(partition), moved)
            let second = try PersisterBench.start("two", redis: endpoint, url: url, Self.keep)
            let position = "select value from parley_meta where key = $1"
            let key = PostgresValue.text("position:\(partition.number)")
            #expect(
                try await eventually(loop) {
                    try await pool.query(position, [key]).rows.first?.text(0) == moved
                })
            #expect(second.metrics.replays.value == 0 && second.metrics.replayGaps.value == 0)
            _ = try await redis.call("SET", Keys.trimmed(partition), moved)
            _ = try await pool.query("update parley_meta set value = '5-0' where key = $1", [key])
            #expect(try await eventually(loop) { second.metrics.replayGaps.value == 1 })
            #expect(
                try await eventually(loop) {
                    try await pool.query(position, [key]).rows.first?.text(0) == moved
                })
            second.stop()
            #expect(second.metrics.replayGaps.value == 1)
        }
    }
}
