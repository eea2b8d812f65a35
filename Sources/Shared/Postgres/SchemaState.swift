/// What has been done to the tables, and what a program has to know to work with them.
struct SchemaState {
    private(set) var applied: Set<Int64> = []
    /// The version that a program has to know at least.
    private(set) var needed: Int64 = 0

    /// The first release reads `schema_migrations` alone and refuses any version there that it doesn't know. What it can work
    /// with isn't written there, so that it starts beside a newer program and after a return to it.
    static func makeTables(_ connection: PostgresConnection) async throws(PostgresError) {
        _ = try await connection.query(
            """
            create table if not exists schema_migrations (
                version bigint primary key,
                applied_at timestamptz not null default now()
            )
            """)
        _ = try await connection.query(
            """
            create table if not exists schema_changes (
                version bigint primary key,
                name text not null,
                compatible_from bigint not null,
                applied_at timestamptz not null default now()
            )
            """)
    }

    static func record(_ migration: Migration, _ connection: PostgresConnection) async throws(PostgresError) {
        if migration.compatibleFrom > Migration.firstRelease || migration.version <= Migration.firstRelease {
            _ = try await connection.query(
                "insert into schema_migrations (version) values ($1)", [.integer(migration.version)])
        }
        guard migration.version > Migration.firstRelease else { return }
        _ = try await connection.query(
            "insert into schema_changes (version, name, compatible_from) values ($1, $2, $3)",
            [.integer(migration.version), .text(migration.name), .integer(migration.compatibleFrom)])
    }

    static func read(
        _ query: (String) async throws(PostgresError) -> PostgresResult
    ) async throws(PostgresError) -> SchemaState {
        var state = SchemaState()
        let tables = try await query(
            "select to_regclass('schema_migrations') is not null, to_regclass('schema_changes') is not null"
        ).rows.first
        if tables?.bool(0) == true {
            for row in try await query("select version from schema_migrations").rows {
                if let version = row.integer(0) { state.add(version, compatibleFrom: version) }
            }
        }
        if tables?.bool(1) == true {
            for row in try await query("select version, compatible_from from schema_changes").rows {
                if let version = row.integer(0), let needed = row.integer(1) {
                    state.add(version, compatibleFrom: needed)
                }
            }
        }
        return state
    }

    mutating func add(_ version: Int64, compatibleFrom: Int64) {
        applied.insert(version)
        needed = max(needed, compatibleFrom)
    }

    /// The first that is to be applied next.
    func missing(_ migrations: [Migration]) -> Migration? {
        migrations.first { !applied.contains($0.version) }
    }

    /// Why a program with these migrations can't work with the tables.
    func problem(_ migrations: [Migration]) -> MigrationError? {
        let known = migrations.map(\.version).max() ?? 0
        return needed > known ? .incompatible(needed: needed, known: known) : nil
    }
}
