import Shared
import Testing

@Suite struct PostgresDeadlineTests {
    /// The backends of an application.
    private func backends(_ name: String, _ admin: PostgresPool) async throws(PostgresError) -> Set<Int64> {
        let rows = try await admin.query(
            "select pid from pg_stat_activity where application_name = $1", [.text(name)]
        ).rows
        return Set(rows.compactMap { $0.integer(0) })
    }

    @Test func theServerKnowsTheDeadlines() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                for (purpose, statement, lock) in [
                    (PostgresPurpose.query, "5s", "4s"), (.load, "5s", "2500ms"), (.sweep, "1min", "5s"),
                    (.migration, "0", "2s"), (.index, "0", "0"),
                ] {
                    let pool = try PostgresPool(
                        url: url, name: "test-show", size: 1, for: purpose, timeout: 5_000, on: loop)
                    #expect(try await pool.query("show statement_timeout").rows.first?.text(0) == statement)
                    #expect(try await pool.query("show lock_timeout").rows.first?.text(0) == lock)
                    #expect(try await pool.query("show client_connection_check_interval").rows.first?.text(0) == "2s")
                    #expect(try await pool.query("show tcp_keepalives_idle").rows.first?.text(0) == "10")
                    #expect(try await pool.query("show tcp_user_timeout").rows.first?.text(0) == "25000")
                    #expect(try await pool.query("show synchronous_commit").rows.first?.text(0) == "on")
                    pool.stop()
                }
                let own = try PostgresPool(
                    url: url + "?options=-c%20statement_timeout%3D7s%20-c%20work_mem%3D5MB", name: "test-show", size: 1,
                    timeout: 5_000, on: loop)
                #expect(try await own.query("show statement_timeout").rows.first?.text(0) == "7s")
                #expect(try await own.query("show work_mem").rows.first?.text(0) == "5MB")
                #expect(try await own.query("show lock_timeout").rows.first?.text(0) == "4s")
                own.stop()
            }
        }
    }

    /// Each query that missed its deadline used to leave a backend behind, which queued for the lock, and a new one came.
    @Test func aLockedTableLeavesNobodyBehind() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, admin in
                _ = try await admin.query("create table t (a bigint)")
                let pool = try PostgresPool(url: url, name: "test-locked", size: 2, timeout: 1_000, on: loop)
                // Both are open before the lock: how long connecting takes is another matter.
                let areOpen = try await eventually(loop) {
                    for _ in 0..<2 { loop.spawn { _ = try? await pool.query("select pg_sleep(0.1)") } }
                    await loop.sleep(milliseconds: 200)
                    return try await backends("test-locked", admin).count == 2
                }
                #expect(areOpen)
                var pids: Set<Int64> = []
                var failures: [PostgresError] = []
                try await admin.transaction { connection throws(PostgresError) in
                    _ = try await connection.query("lock table t")
                    // Each of the two comes back as soon as it has been refused.
                    var left = 2
                    for _ in 0..<left {
                        loop.spawn {
                            for _ in 0..<3 {
                                do throws(PostgresError) {
                                    _ = try await pool.query("select count(*) from t")
                                } catch {
                                    failures.append(error)
                                }
                            }
                            left -= 1
                        }
                    }
                    while left > 0 {
                        pids.formUnion(try await backends("test-locked", admin))
                        await loop.sleep(milliseconds: 5)
                    }
                }
                #expect(failures.count == 6 && pids.count == 2, "\(pids.count) backends, \(failures)")
                #expect(failures.allSatisfy { $0.isTransient && !$0.isOutcomeUnknown })
                #expect(try await pool.query("select count(*) from t").rows.count == 1)
                pool.stop()
            }
        }
    }

    /// A pooler between may keep the settings from the server: then ours ends the work there.
    @Test(.timeLimit(.minutes(1))) func whatTheServerDoesNotEndIsCancelled() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, admin in
                _ = try await admin.query("create table t (a bigint)")
                let lawless =
                    url + "?options=-c%20statement_timeout%3D0%20-c%20lock_timeout%3D0"
                    + "%20-c%20client_connection_check_interval%3D0"
                let pool = try PostgresPool(url: lawless, name: "test-lawless", size: 1, timeout: 1_000, on: loop)
                try await admin.transaction { connection throws(PostgresError) in
                    _ = try await connection.query("lock table t")
                    var missed = 0
                    while missed < 2 {
                        do throws(PostgresError) {
                            _ = try await pool.query("select count(*) from t")
                            Issue.record("the table is locked")
                        } catch .timeout {
                            missed += 1
                        } catch {
                            // A busy machine doesn't always connect within the deadline either.
                        }
                    }
                    let isQuiet = try? await eventually(loop) { try await backends("test-lawless", admin).isEmpty }
                    #expect(isQuiet == true)
                }
                pool.stop()
            }
        }
    }

    /// A machine that vanishes between the two statements of a transaction must not keep the locks.
    @Test func aTransactionInWhichNothingHappensIsEnded() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, admin in
                let quick = url + "?options=-c%20idle_in_transaction_session_timeout%3D200"
                let pool = try PostgresPool(url: quick, name: "test-idle", size: 1, timeout: 5_000, on: loop)
                await #expect(throws: PostgresError.self) {
                    try await pool.transaction { connection throws(PostgresError) in
                        _ = try await connection.query("select 1")
                        let isEnded = try? await eventually(loop) { try await backends("test-idle", admin).isEmpty }
                        #expect(isEnded == true)
                    }
                }
                #expect(try await pool.query("select 1").rows.count == 1)
                pool.stop()
            }
        }
    }

    /// The first of two servers isn't there, and the first address of a name neither.
    @Test func theNextServerIsTried() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, _ in
                let several = url.replacing("@127.0.0.1:", with: "@127.0.0.1:1,localhost:")
                let pool = try PostgresPool(url: several, name: "test-several", size: 1, timeout: 5_000, on: loop)
                #expect(try await pool.query("select 1").rows.count == 1)
                pool.stop()
            }
        }
    }
}
