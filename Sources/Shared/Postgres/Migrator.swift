/// Brings the tables up to date, by numbered files that are each applied once and in order.
///
/// Several processes may start at the same time: a lock lets one work, and the others find it done. The work has connections
/// of its own, without the deadlines of queries. It can be broken off anywhere and goes on at the next start.
public enum Migrator {
    /// Names of advisory locks; any numbers that nobody else takes. The first release takes the first one for all it does,
    /// and waits for it when it starts: so it is held for one step at a time.
    private static let stepLock: Int64 = 0x5061_726C_6579
    private static let lock: Int64 = stepLock + 1
    /// Milliseconds between two tries, and how many there are where others hold what is needed.
    private static let pauses: ClosedRange<Int64> = 200...800
    private static let attempts = 60

    /// Applies what is missing. Tables that a newer program has changed are taken as long as they say that they fit.
    public static func migrate(_ postgres: PostgresPool) async throws(MigrationError) {
        try await migrate(postgres, Migration.all)
    }

    static func migrate(_ postgres: PostgresPool, _ migrations: [Migration]) async throws(MigrationError) {
        // What is done needs neither lock nor connections.
        guard try await state(postgres).missing(migrations) != nil else { return }
        let error: MigrationError?
        do throws(PostgresError) {
            error = try await work(postgres, migrations)
        } catch {
            throw .postgres(error)
        }
        if let error { throw error }
    }

    /// Looks whether the tables can be used as they are.
    public static func check(_ postgres: PostgresPool) async throws(MigrationError) {
        if let missing = try await state(postgres).missing(Migration.all) { throw .outdated(missing: missing.version) }
    }

    private static func state(_ postgres: PostgresPool) async throws(MigrationError) -> SchemaState {
        let state: SchemaState
        do throws(PostgresError) {
            state = try await SchemaState.read { sql throws(PostgresError) in try await postgres.query(sql) }
        } catch {
            throw .postgres(error)
        }
        if let problem = state.problem(Migration.all) { throw problem }
        return state
    }

    // MARK: Working

    /// On three connections: one holds the lock in an open transaction, which works behind a pooler too.
    private static func work(
        _ postgres: PostgresPool, _ migrations: [Migration]
    ) async throws(PostgresError) -> MigrationError? {
        let holder = try await postgres.openOwn(for: .migration)
        defer { holder.close(.notConnected) }
        while try await !takesLock(holder) { await holder.loop.sleep(milliseconds: Int64.random(in: pauses)) }
        let hasty = try await postgres.openOwn(for: .migration)
        defer { hasty.close(.notConnected) }
        let patient = try await postgres.openOwn(for: .index)
        defer { patient.close(.notConnected) }
        try await retrying(hasty.loop) { () throws(PostgresError) in
            try await step(hasty) { () throws(PostgresError) in try await SchemaState.makeTables(hasty) }
        }
        while true {
            // Another one may have been here, or an older or newer program may be starting beside this.
            let state = try await SchemaState.read { sql throws(PostgresError) in try await hasty.query(sql) }
            if let problem = state.problem(migrations) { return problem }
            guard let next = state.missing(migrations) else { return nil }
            // Without the lock another process is about to do the same.
            try await forgetSnapshot(holder)
            try await apply(next, hasty, patient)
        }
    }

    private static func takesLock(_ holder: PostgresConnection) async throws(PostgresError) -> Bool {
        _ = try await holder.query("begin")
        let answer = try await holder.query("select pg_try_advisory_xact_lock($1)", [.integer(lock)])
        if answer.rows.first?.bool(0) == true {
            try await forgetSnapshot(holder)
            return true
        }
        _ = try await holder.query("rollback")
        return false
    }

    /// The snapshot of a transaction's last query stays until the next statement, and an index that is built waits for all
    /// snapshots that are older: this statement needs none.
    private static func forgetSnapshot(_ holder: PostgresConnection) async throws(PostgresError) {
        _ = try await holder.query("set local idle_in_transaction_session_timeout = 0")
    }

    private static func apply(
        _ migration: Migration, _ hasty: PostgresConnection, _ patient: PostgresConnection
    ) async throws(PostgresError) {
        for index in migration.indexes { try await index.build(patient, hasty) }
        try await retrying(hasty.loop) { () throws(PostgresError) in
            try await step(hasty) { () throws(PostgresError) in
                let state = try await SchemaState.read { sql throws(PostgresError) in try await hasty.query(sql) }
                guard state.missing([migration]) != nil else { return }
                for statement in migration.statements { _ = try await hasty.query(statement) }
                try await SchemaState.record(migration, hasty)
            }
        }
    }

    /// A transaction that keeps the first release from doing the same at the same time.
    private static func step(
        _ connection: PostgresConnection, _ body: () async throws(PostgresError) -> Void
    ) async throws(PostgresError) {
        do throws(PostgresError) {
            _ = try await connection.query("begin")
            _ = try await connection.query("select pg_advisory_xact_lock($1)", [.integer(stepLock)])
            try await body()
            _ = try await connection.query("commit")
        } catch {
            if connection.isReady { _ = try? await connection.query("rollback") }
            throw error
        }
    }

    /// Tries again what didn't get its locks: whoever waits for one lets everybody behind it wait as well, so it waits shortly
    /// and often.
    static func retrying(
        _ loop: EventLoop, _ body: () async throws(PostgresError) -> Void
    ) async throws(PostgresError) {
        var left = attempts
        while true {
            do throws(PostgresError) {
                return try await body()
            } catch {
                left -= 1
                guard left > 0, error.isAboutLocks else { throw error }
            }
            await loop.sleep(milliseconds: Int64.random(in: pauses))
        }
    }
}
