import Shared
import Testing

@Suite struct PostgresTests {
    @Test func everyValueComesBackAsItWent() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { _, pool in
                let id = UUID.random()
                let row = try #require(
                    try await pool.query(
                        """
                        select $1::uuid, $2::bigint, $3::text, $4::bytea, $5::boolean, $6::timestamptz, null::text,
                            7::smallint, 8::integer, '{"a": 1}'::jsonb, $7::bigint
                        """,
                        [
                            .uuid(id), .integer(-5), .text("Grüße 😀"), .bytes([0, 1, 255]), .bool(true),
                            .timestamp(1_767_323_045_678), .null,
                        ]
                    ).rows.first)
                #expect(row.uuid(0) == id && row.integer(1) == -5 && row.text(2) == "Grüße 😀")
                #expect(row.bytes(3) == [0, 1, 255] && row.bool(4) == true && row.milliseconds(5) == 1_767_323_045_678)
                #expect(row.isNull(6) && row.integer(7) == 7 && row.integer(8) == 8)
                #expect(row.text(9) == #"{"a": 1}"# && row.integer(10) == nil && row.integer(0) == nil)
                let arrays = try await pool.query(
                    """
                    select u, i, t, b, z from unnest($1::uuid[], $2::bigint[], $3::text[], $4::boolean[],
                        $5::timestamptz[]) as e (u, i, t, b, z)
                    """,
                    [
                        .uuids([id, id]), .integers([1, nil]), .texts([nil, "x"]), .bools([true, false]),
                        .timestamps([-1, nil]),
                    ]
                ).rows
                #expect(arrays.map { $0.integer(1) } == [1, nil] && arrays.map { $0.text(2) } == [nil, "x"])
                #expect(arrays.map { $0.bool(3) } == [true, false] && arrays[0].milliseconds(4) == -1)
                #expect(try await pool.query("select unnest($1::uuid[])", [.uuids([])]).rows.isEmpty)
            }
        }
    }

    @Test func refusalsSayTheirState() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { _, pool in
                _ = try await pool.query("create table t (a bigint constraint only_once primary key)")
                _ = try await pool.query("insert into t values ($1)", [.integer(1)])
                do {
                    _ = try await pool.query("insert into t values ($1)", [.integer(1)])
                    Issue.record("a duplicate was taken")
                } catch let error as PostgresError {
                    guard case .refused("23505", _, "only_once") = error else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(!error.isTransient)
                }
                await #expect(throws: PostgresError.self) { try await pool.query("select nonsense") }
                #expect(
                    try await pool.query("insert into t values ($1), ($2)", [.integer(2), .integer(3)]).affectedRows
                        == 2)
            }
        }
    }

    @Test func transactionsAreWholeOrNothing() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { _, pool in
                _ = try await pool.query("create table t (a bigint primary key)")
                await #expect(throws: PostgresError.rolledBack) {
                    try await pool.transaction { connection throws(PostgresError) in
                        _ = try await connection.query("insert into t values (1)")
                        throw .rolledBack
                    }
                }
                await #expect(throws: PostgresError.self) {
                    try await pool.transaction { connection throws(PostgresError) in
                        _ = try await connection.query("insert into t values (2)")
                        _ = try await connection.query("insert into t values (2)")
                    }
                }
                try await pool.transaction { connection throws(PostgresError) in
                    _ = try await connection.query("insert into t values (3)")
                }
                #expect(try await pool.query("select a from t").rows.map { $0.integer(0) } == [3])
            }
        }
    }

    @Test func aKilledBackendIsReplaced() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, pool in
                let other = try PostgresPool(url: url, name: "test-killer", size: 1, timeout: 5_000, on: loop)
                let backend = try #require(try await pool.query("select pg_backend_pid()").rows.first?.integer(0))
                _ = try await other.query("select pg_terminate_backend(\(backend))")
                let recovers = try await eventually(loop) {
                    do {
                        return try await pool.query("select 1").rows.count == 1
                    } catch let error as PostgresError {
                        #expect(error.isTransient)
                        return false
                    }
                }
                #expect(recovers)
                other.stop()
            }
        }
    }

    /// By the server, which undoes it and goes on with the connection.
    @Test func aQueryThatTakesTooLongEndsByItsDeadline() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let pool = try PostgresPool(url: url, name: "test-deadline", size: 1, timeout: 1_000, on: loop)
                let backend = try await pool.query("select pg_backend_pid()").rows.first?.integer(0)
                do throws(PostgresError) {
                    _ = try await pool.query("select pg_sleep(30)")
                    Issue.record("it slept")
                } catch {
                    guard case .refused("57014", _, _) = error else {
                        Issue.record("\(error)")
                        return
                    }
                    #expect(!error.isOutcomeUnknown && error.isTransient)
                }
                #expect(try await pool.query("select pg_backend_pid()").rows.first?.integer(0) == backend)
                pool.stop()
            }
        }
    }

    @Test func manyCallersShareFewConnections() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let pool = try PostgresPool(url: url, name: "test-many", size: 2, timeout: 5_000, on: loop)
                var done = 0
                for number in 0..<50 {
                    loop.spawn {
                        let rows = try? await pool.query("select $1::bigint", [.integer(Int64(number))]).rows
                        if rows?.first?.integer(0) == Int64(number) { done += 1 }
                    }
                }
                #expect(try await eventually(loop) { done == 50 })
                let count = try await pool.query(
                    "select count(*) from pg_stat_activity where application_name = 'test-many'")
                #expect(count.rows.first?.integer(0) == 2)
                pool.stop()
            }
        }
    }

    /// A burst opens connections that nobody needs later.
    @Test func idleConnectionsBeyondAFewAreClosed() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, admin in
                let pool = try PostgresPool(
                    url: url, name: "test-shrink", size: 6, kept: 2, timeout: 5_000, longestIdle: 300, on: loop)
                var done = 0
                for _ in 0..<6 {
                    loop.spawn {
                        if (try? await pool.query("select pg_sleep(0.2)")) != nil { done += 1 }
                    }
                }
                let count = "select count(*) from pg_stat_activity where application_name = 'test-shrink'"
                #expect(try await eventually(loop) { try await admin.query(count).rows.first?.integer(0) == 6 })
                #expect(try await eventually(loop) { try await admin.query(count).rows.first?.integer(0) == 2 })
                #expect(done == 6)
                pool.stop()
            }
        }
    }

    @Test func noConnectionLivesForEver() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let pool = try PostgresPool(
                    url: url, name: "test-age", size: 1, timeout: 5_000, longestLife: 400, on: loop)
                let first = try await pool.query("select pg_backend_pid()").rows.first?.integer(0)
                #expect(
                    try await eventually(loop) {
                        try await pool.query("select pg_backend_pid()").rows.first?.integer(0) != first
                    })
                pool.stop()
            }
        }
    }

    /// What leaves together comes back in order, and a failure in the midst is that query's alone.
    @Test func queriesOfOneConnectionArePipelined() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let pool = try PostgresPool(url: url, name: "test-pipeline", size: 1, timeout: 5_000, on: loop)
                var results: [Int64?] = Array(repeating: nil, count: 500)
                var failures = 0
                var connection: PostgresConnection?
                try await pool.transaction { connection = $0 }
                let shared = try #require(connection)
                for number in 0..<500 {
                    loop.spawn {
                        do throws(PostgresError) {
                            let result = try await shared.query(
                                "select 100 / $1::bigint", [.integer(Int64(number % 5))])
                            results[number] = result.rows.first?.integer(0)
                        } catch {
                            if case .refused("22012", _, _) = error { failures += 1 }
                        }
                    }
                }
                #expect(try await eventually(loop) { failures + results.count(where: { $0 != nil }) == 500 })
                #expect(failures == 100)
                for number in 0..<500 where number % 5 != 0 {
                    #expect(results[number] == Int64(100 / (number % 5)))
                }
                pool.stop()
            }
        }
    }

    @Test func aStatementThatFailsIsPreparedOnce() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let pool = try PostgresPool(url: url, name: "test-statements", size: 1, timeout: 5_000, on: loop)
                for _ in 0..<20 {
                    await #expect(throws: PostgresError.self) {
                        try await pool.query("select 1 / $1::bigint", [.integer(0)])
                    }
                    await #expect(throws: PostgresError.self) { try await pool.query("select nonsense") }
                }
                #expect(try await pool.query("select 1 / $1::bigint", [.integer(1)]).rows.first?.integer(0) == 1)
                let count = try await pool.query(
                    "select count(*) from pg_prepared_statements where statement like '%/%'")
                // This question has a slash as well.
                #expect(count.rows.first?.integer(0) == 2)
                pool.stop()
            }
        }
    }

    /// COMMIT after a failure undoes everything and reports success.
    @Test func aBodyThatGoesOnAfterAFailureCommitsNothing() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { _, pool in
                _ = try await pool.query("create table t (a bigint primary key)")
                await #expect(throws: PostgresError.rolledBack) {
                    try await pool.transaction { connection throws(PostgresError) in
                        _ = try await connection.query("insert into t values (1)")
                        _ = try? await connection.query("insert into t values (1)")
                    }
                }
                #expect(try await pool.query("select a from t").rows.isEmpty)
                _ = try await pool.query("insert into t values (1)")
            }
        }
    }

    /// Who was never served knows that nothing has happened.
    @Test func waitingTooLongForAConnectionIsNoUnknownOutcome() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let pool = try PostgresPool(
                    url: url, name: "test-wait", size: 1, timeout: 800, maximumWaiting: 1, on: loop)
                var errors: [PostgresError] = []
                _ = try await pool.query("select 1")
                loop.spawn { try? await pool.transaction { _ in await loop.sleep(milliseconds: 2_500) } }
                for _ in 0..<2 {
                    loop.spawn {
                        do throws(PostgresError) {
                            _ = try await pool.query("select 1")
                        } catch {
                            errors.append(error)
                        }
                    }
                }
                #expect(try await eventually(loop) { errors.count == 2 })
                #expect(errors == [.busy, .busy] && !PostgresError.busy.isOutcomeUnknown)
                #expect(try await eventually(loop) { (try? await pool.query("select 1").rows.count) == 1 })
                pool.stop()
            }
        }
    }

    /// A server that takes no more connections still serves those that it has taken.
    @Test func callersShareWhatTheServerAllows() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, admin in
                let role = "limited_" + UUID.random().description.replacing("-", with: "")
                _ = try await admin.query("create role \(role) login password 'secret' connection limit 2")
                let place = url[url.index(after: try #require(url.lastIndex(of: "@")))...]
                let pool = try PostgresPool(
                    url: "postgresql://\(role):secret@\(place)", name: "test-limit", size: 8, timeout: 5_000, on: loop)
                var done = 0
                var errors: [PostgresError] = []
                for _ in 0..<40 {
                    loop.spawn {
                        do throws(PostgresError) {
                            _ = try await pool.query("select pg_sleep(0.01)")
                            done += 1
                        } catch {
                            errors.append(error)
                        }
                    }
                }
                #expect(try await eventually(loop) { done + errors.count == 40 })
                #expect(done == 40, "\(errors)")
                pool.stop()
                #expect(try await eventually(loop) { (try? await admin.query("drop role \(role)")) != nil })
            }
        }
    }

    @Test func anAbsentServerFailsFast() async throws {
        try await onLoop { loop in
            let pool = try PostgresPool(
                url: "postgresql://parley@127.0.0.1:1/none", name: "test", size: 2, timeout: 1_000, on: loop)
            for _ in 0..<20 {
                do throws(PostgresError) {
                    _ = try await pool.query("select 1")
                    Issue.record("nobody listens there")
                } catch {
                    guard case .unreachable(let reason) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(reason.contains("refused") && error.isTransient && !error.isOutcomeUnknown)
                }
            }
            pool.stop()
        }
    }

    /// Gateways and persisters start at the same time.
    @Test func migrationsDontRace() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, pool in
                var finished = 0
                for _ in 0..<6 {
                    loop.spawn {
                        guard let own = try? PostgresPool(url: url, name: "test", size: 1, timeout: 20_000, on: loop)
                        else { return }
                        do {
                            try await Migrator.migrate(own)
                            finished += 1
                        } catch {
                            Issue.record("\(error)")
                        }
                        own.stop()
                    }
                }
                #expect(try await eventually(loop) { finished == 6 })
                let applied = try await pool.query(
                    "select count(*), max(version) from (select version from schema_migrations union all "
                        + "select version from schema_changes) as both_tables"
                ).rows.first
                #expect(applied?.integer(0) == applied?.integer(1), "each once")
            }
        }
    }

    @Test func storesOfAnotherSetUpAreRefused() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await StoreFormat.check(partitions: 64, redis: redis)
                try await StoreFormat.check(partitions: 64, redis: redis)
                await #expect(throws: StoreFormatError.self) {
                    try await StoreFormat.check(partitions: 32, redis: redis)
                }
                for _ in 0..<2 { try await StoreFormat.check(dedupeWindow: 60_000, redis: redis) }
                await #expect(throws: StoreFormatError.window(found: "60000", expected: "3600000")) {
                    try await StoreFormat.check(dedupeWindow: 3_600_000, redis: redis)
                }
                try await withDatabase(loop) { _, pool in
                    try await StoreFormat.check(partitions: 64, postgres: pool)
                    await #expect(throws: StoreFormatError.self) {
                        try await StoreFormat.check(partitions: 128, postgres: pool)
                    }
                }
            }
        }
    }
}
