import Testing

@testable import Shared

@Suite struct MigratorTests {
    private static let firstRelease = Array(Migration.all.prefix(5))

    private func migration(_ version: Int64, _ sql: String, compatibleFrom: Int64 = 5) -> Migration {
        Migration(version, "test", compatibleFrom: compatibleFrom, Array(sql.utf8))
    }

    private func isValid(_ index: String, _ pool: PostgresPool) async throws -> Bool? {
        try await pool.query("select indisvalid from pg_index where indexrelid = to_regclass($1)", [.text(index)])
            .rows.first?.bool(0)
    }

    private func insert(_ id: Int64, _ pool: PostgresPool) async throws {
        _ = try await pool.query(
            """
            insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type,
                message_type, content, client_message_id, created_at)
            values ($1, $2, $2, 0, $1, 'USER', 'TEXT', '', $2::text, now())
            """, [.uuid(UUID.random()), .integer(id)])
    }

    /// What the first release looks at when it is started again.
    @Test func theFirstReleaseSeesNothingNew() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                let seen = try await pool.query("select coalesce(max(version), 0) from schema_migrations")
                #expect(seen.rows.first?.integer(0) == 5)
                #expect(try await isValid("messages_files", pool) == true)
            }
        }
    }

    @Test func newerTablesAreTakenWhereTheySayThatTheyFit() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                let newest = try #require(Migration.all.last).version
                _ = try await pool.query(
                    "insert into schema_changes (version, name, compatible_from) values (999, 'x', $1)",
                    [.integer(newest)])
                try await Migrator.migrate(pool)
                try await Migrator.check(pool)
                _ = try await pool.query(
                    "insert into schema_changes (version, name, compatible_from) values (1000, 'y', 999)")
                await #expect(throws: MigrationError.incompatible(needed: 999, known: newest)) {
                    try await Migrator.migrate(pool)
                }
                await #expect(throws: MigrationError.incompatible(needed: 999, known: newest)) {
                    try await Migrator.check(pool)
                }
            }
        }
    }

    @Test func whoMayNotMigrateSaysWhatIsMissing() async throws {
        try await onLoop { loop in
            _ = try await withDatabase(loop, migrated: false) { _, pool in
                await #expect(throws: MigrationError.outdated(missing: 1)) { try await Migrator.check(pool) }
            }
        }
    }

    /// One whose tables don't fit the first release has to be seen by it.
    @Test func whatDoesNotFitTheFirstReleaseIsTold() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                let next = Int64(Migration.all.count) + 1
                let more = Migration.all + [migration(next, "create table t (a int)", compatibleFrom: next)]
                try await Migrator.migrate(pool, more)
                let seen = try await pool.query("select max(version) from schema_migrations")
                #expect(seen.rows.first?.integer(0) == next)
                await #expect(throws: MigrationError.incompatible(needed: next, known: next - 1)) {
                    try await Migrator.migrate(pool)
                }
            }
        }
    }

    @Test func aFileMayHoldBlocksAndIsAppliedWholeOrNotAtAll() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                let next = Int64(Migration.all.count) + 1
                let block = """
                    create table t (a int);
                    do $$ begin insert into t values (1); insert into t values (2); end $$;
                    """
                let broken = Migration.all + [migration(next, block + "select nonsense;")]
                await #expect(throws: MigrationError.self) { try await Migrator.migrate(pool, broken) }
                #expect(try await pool.query("select to_regclass('t') is null").rows.first?.bool(0) == true)
                try await Migrator.migrate(pool, Migration.all + [migration(next, block)])
                #expect(try await pool.query("select a from t").rows.count == 2)
            }
        }
    }

    /// Who waits for a lock lets everybody behind it wait.
    @Test func aMigrationThatWaitsLetsOthersThrough() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                _ = try await pool.query("create table t (a int)")
                let next = Int64(Migration.all.count) + 1
                let more = Migration.all + [migration(next, "alter table t add column b int")]
                var isDone = false
                try await pool.transaction { reader throws(PostgresError) in
                    _ = try await reader.query("select from t")
                    loop.spawn {
                        do {
                            try await Migrator.migrate(pool, more)
                        } catch {
                            Issue.record("\(error)")
                        }
                        isDone = true
                    }
                    let waits = "select from pg_locks where not granted and relation = 't'::regclass"
                    let isWaiting = try? await eventually(loop) { try await pool.query(waits).rows.count == 1 }
                    #expect(isWaiting == true)
                    // Behind the one who waits, until that gives up: within the deadline of an ordinary query.
                    _ = try await pool.query("insert into t values (1)")
                    #expect(!isDone)
                }
                #expect(try await eventually(loop) { isDone })
                #expect(try await pool.query("select b from t").rows.count == 1)
            }
        }
    }

    /// Messages are written while the index is built, what was broken off is made anew, and the table's own index is valid at
    /// the end.
    @Test func anIndexOfABigTableIsBuiltBesideItsWrites() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, pool in
                try await Migrator.migrate(pool, Self.firstRelease)
                for id in 1...200 as ClosedRange<Int64> { try await insert(id, pool) }
                let old = try PostgresPool(url: url, name: "test-old", size: 1, timeout: 20_000, on: loop)
                let building =
                    "select pid from pg_stat_activity where query like 'create index concurrently%' "
                    + "and state = 'active' and datname = current_database() and pid <> pg_backend_pid()"
                var outcomes: [String] = []
                func start() {
                    loop.spawn {
                        do {
                            try await Migrator.migrate(pool)
                            outcomes.append("done")
                        } catch {
                            outcomes.append("\(error)")
                        }
                    }
                }
                // A transaction with an old snapshot holds the building up.
                try await old.transaction { connection throws(PostgresError) in
                    _ = try await connection.query("set transaction isolation level repeatable read")
                    _ = try await connection.query("select count(*) from messages")
                    start()
                    var builder: Int64?
                    let isBuilding = try? await eventually(loop) {
                        builder = try await pool.query(building).rows.first?.integer(0)
                        return builder != nil
                    }
                    #expect(isBuilding == true)
                    for id in 201...220 as ClosedRange<Int64> {
                        do {
                            try await insert(id, pool)
                        } catch {
                            Issue.record("writes go on: \(error)")
                        }
                    }
                    // The process is killed, and with it its backend.
                    _ = try await pool.query("select pg_terminate_backend(\(builder ?? 0)::int)")
                    let isBrokenOff = try? await eventually(loop) { outcomes.count == 1 && outcomes[0] != "done" }
                    #expect(isBrokenOff == true)
                }
                let leftover = try await pool.query(
                    "select from pg_index where not indisvalid and indexrelid::regclass::text like 'messages_00_files'")
                #expect(leftover.rows.count == 1, "an invalid index is left")
                start()
                #expect(try await eventually(loop) { outcomes.count == 2 })
                #expect(outcomes.last == "done")
                #expect(try await isValid("messages_files", pool) == true)
                let parts = try await pool.query(
                    """
                    select from pg_inherits i join pg_index x on x.indexrelid = i.inhrelid and x.indisvalid
                    where i.inhparent = 'messages_files'::regclass
                    """)
                #expect(parts.rows.count == 16)
                old.stop()
            }
        }
    }
}
