import Shared
import Testing

@testable import Persister

@Suite struct PersisterTests {
    @Test func everythingIsStoredAlsoWhenConnectionsAreCut() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            var expected: Set<Int64> = []
            let scribes = (0..<25).map { _ in Scribe(redis, partitions: PersisterBench.partitions) }
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            for (number, scribe) in scribes.enumerated() {
                try await scribe.open()
                let messages = (0..<200).map { ("text \($0)", "\(number)-\($0)") }
                expected.formUnion(try await scribe.send(messages))
                if number % 8 == 3 {
                    _ = try await pool.query(
                        """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where application_name = 'parley-one' and datname = current_database()
                        """)
                }
            }
            #expect(expected.count == 5_000)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 5_000 })
            let stored = try await pool.query("select id from messages").rows.compactMap { $0.integer(0) }
            #expect(Set(stored) == expected)
            for scribe in scribes {
                let key = Keys.stream(scribe.partition)
                #expect(try await eventually(loop) { try await redis.call("XLEN", key).integer == 0 })
                let chain = try await pool.query(
                    """
                    select count(*) from (select id, previous_event_id, lag(id, 1, 0::bigint) over (order by id) as before
                        from messages where conversation_id = $1) m where previous_event_id = before
                    """, [.uuid(scribe.conversation)])
                #expect(chain.rows.first?.integer(0) == 200)
            }
            running.stop()
            #expect(running.metrics.deadLetters.value == 0)
        }
    }

    @Test func theCacheKeepsTheNewestAndTheStateExpiresOnceCommitted() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let ids = try await scribe.send((0..<300).map { ("text", "\($0)") })
            let key = Keys.conversation(scribe.conversation, scribe.partition)
            #expect(try await redis.call("XLEN", key + ":events").integer == 300)
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            let stream = Keys.stream(scribe.partition)
            #expect(try await eventually(loop) { try await redis.call("XLEN", stream).integer == 0 })
            #expect(try await redis.call("XLEN", key + ":events").integer == 100)
            let state = try await redis.call("HMGET", key, "last", "floor", "done", "ttl")
            #expect(state.elements?.map(\.integer) == [ids[299], ids[199], ids[299], 1])
            for suffix in ["", ":events", ":members"] {
                #expect((try await redis.call("PTTL", key + suffix).integer ?? 0) > 0, "\(suffix)")
            }
            let window = WallClock.nowMilliseconds() / 43_200_000
            #expect((try await redis.call("PTTL", key + ":d\(window)").integer ?? 0) > 0)
            #expect(await PersisterBench.count(pool) == 300)
            // A new message takes the expiry off until it is committed too.
            running.stop()
            try await scribe.send([("more", "more")])
            #expect(try await redis.call("PTTL", key).integer == -1)
        }
    }

    @Test func anotherTakesOverFromTheDead() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribes = (0..<20).map { _ in Scribe(redis, partitions: PersisterBench.partitions) }
            for scribe in scribes { try await scribe.open() }
            let first = try PersisterBench.start("one", redis: endpoint, url: url)
            for scribe in scribes { try await scribe.send([("before", "before")]) }
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 20 })
            #expect(first.metrics.partitions.value == PersisterBench.partitions)
            first.kill()
            for scribe in scribes { try await scribe.send([("after", "after")]) }
            let second = try PersisterBench.start("two", redis: endpoint, url: url)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 40 })
            second.stop()
            #expect(await PersisterBench.count(pool, "duplicate_of is not null or reuses_client_id") == 0)
        }
    }

    @Test func severalShareThePartitionsEvenly() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, _, url in
            let first = try PersisterBench.start("one", redis: endpoint, url: url)
            #expect(try await eventually(loop) { first.metrics.partitions.value == PersisterBench.partitions })
            let second = try PersisterBench.start("two", redis: endpoint, url: url)
            let half = PersisterBench.partitions / 2
            #expect(
                try await eventually(loop) {
                    first.metrics.partitions.value == half && second.metrics.partitions.value == half
                })
            second.stop()
            #expect(try await eventually(loop) { first.metrics.partitions.value == PersisterBench.partitions })
            first.stop()
            #expect(try await redis.call("EXISTS", Keys.persisters).integer == 0)
            #expect(try await redis.call("KEYS", "*:owner").elements?.isEmpty == true)
        }
    }

    @Test func whatCannotBeStoredIsADeadLetterAndHoldsNothingUp() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            try await scribe.send([("first", "1")])
            _ = try await redis.call("XADD", Keys.stream(scribe.partition), "*", "e", "noise")
            _ = try await redis.call("XADD", Keys.stream(scribe.partition), "*", "other", "field")
            try await scribe.send([("last", "2")])
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 2 })
            let key = Keys.deadLetters(scribe.partition)
            #expect(try await eventually(loop) { try await redis.call("XLEN", key).integer == 2 })
            let letter = try #require(
                try await redis.call("XRANGE", key, "-", "+").elements?.first?.elements?.last?.elements)
            #expect(letter.compactMap(\.text).suffix(2) == ["e", "noise"])
            let stream = Keys.stream(scribe.partition)
            #expect(try await eventually(loop) { try await redis.call("XLEN", stream).integer == 0 })
            running.stop()
            #expect(running.metrics.deadLetters.value == 2)
        }
    }

    @Test func whatIsReplayedChangesNothingAndAForeignIdIsADeadLetter() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            try await scribe.send([("a", "1"), ("b", "2")])
            let stream = Keys.stream(scribe.partition)
            let entries = try await redis.call("XRANGE", stream, "-", "+").elements ?? []
            let bytes = try entries.map { try #require($0.elements?.last?.elements?.last?.bytes) }
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 2 })
            let forged = String(decoding: bytes[0], as: UTF8.self).replacing(
                #""clientMessageId":"1""#, with: #""clientMessageId":"9""#)
            for entry in bytes + [Array(forged.utf8)] {
                var command = RedisCommand("XADD", stream, "*", "e")
                command.add(entry)
                _ = try await redis.call(command)
            }
            let key = Keys.deadLetters(scribe.partition)
            #expect(try await eventually(loop) { try await redis.call("XLEN", key).integer == 1 })
            #expect(try await eventually(loop) { try await redis.call("XLEN", stream).integer == 0 })
            #expect(await PersisterBench.count(pool) == 2)
            running.stop()
        }
    }

    /// What an operator can mend isn't the messages' fault.
    @Test func aMissingTableIsWaitedFor() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            try await scribe.send([("first", "1")])
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 1 })
            _ = try await pool.query("alter table messages rename to elsewhere")
            try await scribe.send((2..<20).map { ("text", "\($0)") })
            #expect(try await eventually(loop) { running.metrics.retries.value > 2 })
            #expect(running.metrics.lag.value > 0)
            #expect(try await redis.call("EXISTS", Keys.deadLetters(scribe.partition)).integer == 0)
            _ = try await pool.query("alter table elsewhere rename to messages")
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 19 })
            #expect(try await eventually(loop) { running.metrics.lag.value == 0 })
            running.stop()
            #expect(running.metrics.deadLetters.value == 0)
        }
    }

    /// After a failover a master may give an id that another message has, even within one batch.
    @Test func anIdGivenTwiceInOneBatchIsADeadLetter() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let ids = try await scribe.send([("a", "1"), ("b", "2")])
            let stream = Keys.stream(scribe.partition)
            let entry = try #require(
                try await redis.call("XRANGE", stream, "-", "+").elements?.first?.elements?.last?.elements?.last?.text)
            let other = entry.replacing(#""clientMessageId":"1""#, with: #""clientMessageId":"9""#)
            _ = try await redis.call("XADD", stream, "*", "e", other)
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            let key = Keys.deadLetters(scribe.partition)
            #expect(try await eventually(loop) { try await redis.call("XLEN", key).integer == 1 })
            let rows = try await pool.query("select id, client_message_id from messages order by id").rows
            #expect(rows.map { $0.integer(0) } == ids && rows.map { $0.text(1) } == ["1", "2"])
            running.stop()
        }
    }

    @Test func spoiltKeysHoldNothingUp() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let first = Scribe(redis, partitions: 1)
            let scribes = [first, Scribe(redis, partitions: 1), Scribe(redis, partitions: 1)]
            for scribe in scribes {
                try await scribe.open()
                try await scribe.send((0..<150).map { ("text", "\($0)") })
            }
            let partition = first.partition
            _ = try await redis.call("SET", Keys.events(scribes[0].conversation, partition), "spoilt")
            _ = try await redis.call("SET", Keys.conversation(scribes[1].conversation, partition), "spoilt")
            let running = try PersisterBench.start("one", redis: endpoint, url: url, ["PARLEY_PARTITIONS": "1"])
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 450 })
            let stream = Keys.stream(partition)
            #expect(try await eventually(loop) { try await redis.call("XLEN", stream).integer == 0 })
            let events = Keys.events(scribes[2].conversation, partition)
            #expect(try await redis.call("XLEN", events).integer == 100)
            running.stop()
        }
    }

    /// Whoever runs the persister doesn't wait for a PostgreSQL that answers nothing.
    @Test func stoppingEndsInTime() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            let running = try PersisterBench.start(
                "one", redis: endpoint, url: url,
                ["PARLEY_SHUTDOWN_TIMEOUT": "300ms", "PARLEY_DATABASE_TIMEOUT": "10s", "PARLEY_LEASE": "12s"])
            #expect(try await eventually(loop) { running.metrics.partitions.value == PersisterBench.partitions })
            var locking: PostgresError?
            do throws(PostgresError) {
                try await pool.transaction { connection throws(PostgresError) in
                    _ = try await connection.query("lock table messages")
                    let isBlocked = try? await eventually(loop) {
                        try await scribe.send([("text", "\(UUID.random())")])
                        let waiting = try await connection.query(
                            "select count(*) from pg_locks where not granted and relation = 'messages'::regclass")
                        return waiting.rows.first?.integer(0) ?? 0 > 0
                    }
                    #expect(isBlocked == true)
                    let started = MonotonicClock.nowMilliseconds()
                    running.stop()
                    #expect(MonotonicClock.nowMilliseconds() - started < 3_000)
                }
            } catch {
                locking = error
            }
            #expect(locking == nil)
        }
    }

    @Test func theStreamsSizeIsWhatIsNotCommitted() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            try await scribe.send((0..<100).map { ("text", "\($0)") })
            let size = Keys.size(scribe.partition)
            #expect(try await redis.call("GET", size).integer ?? 0 > 20_000)
            let running = try PersisterBench.start("one", redis: endpoint, url: url, ["PARLEY_BATCH_ROWS": "30"])
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 100 })
            #expect(try await eventually(loop) { try await redis.call("EXISTS", size).integer == 0 })
            running.stop()
        }
    }

    /// Beyond the dedupe window Redis takes a repeated message for a new one.
    @Test func aForgottenRepeatIsStoredAsADuplicate() async throws {
        try await PersisterBench.withStores { loop, redis, endpoint, pool, url in
            let scribe = Scribe(redis, partitions: PersisterBench.partitions)
            try await scribe.open()
            // All in one batch, so that the plain upsert fails and halving finds them.
            let ids = try await scribe.send(
                [("same", "1"), ("same", "1"), ("other", "1"), ("fine", "2")], forget: true)
            let running = try PersisterBench.start("one", redis: endpoint, url: url)
            #expect(try await eventually(loop) { await PersisterBench.count(pool) == 4 })
            let rows = try await pool.query("select id, duplicate_of, reuses_client_id from messages order by id").rows
            #expect(rows.map { $0.integer(1) } == [nil, ids[0], nil, nil])
            #expect(rows.map { $0.bool(2) } == [false, false, true, false])
            running.stop()
            #expect(running.metrics.deadLetters.value == 0)
        }
    }

    @Test func onlyTheOwnerMovesTheCursor() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let scribe = Scribe(redis, partitions: PersisterBench.partitions)
                try await scribe.open()
                try await scribe.send([("a", "1")])
                func commit(_ token: String) async throws -> Int64? {
                    try await redis.call(RedisScripts.commit, keys: [Keys.stream(scribe.partition)]) { command in
                        for word in [token, "9999999999999-0", "60000", "43200000", "100", "0", "1", "0"] {
                            command.add(word)
                        }
                    }.integer
                }
                #expect(try await commit("me") == 0)
                _ = try await redis.call("SET", Keys.owner(scribe.partition), "somebody")
                #expect(try await commit("me") == 0)
                #expect(try await redis.call("XLEN", Keys.stream(scribe.partition)).integer == 1)
                #expect(try await redis.call("EXISTS", Keys.cursor(scribe.partition)).integer == 0)
                #expect(try await commit("somebody") == 1)
                #expect(try await redis.call("GET", Keys.kept(scribe.partition)).text == "1 9999999999999-0")
                #expect(try await redis.call("GET", Keys.cursor(scribe.partition)).text == "9999999999999-0")
            }
        }
    }
}
