/// Brings the tables up to date, by numbered files that are each applied once and in order.
///
/// Several processes may start at the same time: a lock lets one work, and the others find it done.
public enum Migrator {
    private struct Migration {
        let version: Int64
        let sql: [UInt8]
    }

    /// Never change one that has been released: add another.
    private static let migrations = [
        Migration(version: 1, sql: PackageResources._001_schema_sql),
        Migration(version: 2, sql: PackageResources._002_announcements_sql),
        Migration(version: 3, sql: PackageResources._003_versions_sql),
        Migration(version: 4, sql: PackageResources._004_data_keys_sql),
        Migration(version: 5, sql: PackageResources._005_files_sql),
    ]

    /// Names the advisory lock; any number that nobody else takes.
    private static let lock: Int64 = 0x5061_726C_6579

    /// Applies what is missing; throws `unexpectedReply` where the tables are newer than this program.
    public static func migrate(_ pool: PostgresPool) async throws(PostgresError) {
        try await pool.transaction { connection throws(PostgresError) in
            _ = try await connection.query("select pg_advisory_xact_lock($1)", [.integer(lock)])
            _ = try await connection.query(
                """
                create table if not exists schema_migrations (
                    version bigint primary key,
                    applied_at timestamptz not null default now()
                )
                """)
            let applied = try await connection.query("select coalesce(max(version), 0) from schema_migrations")
            let current = applied.rows.first?.integer(0) ?? 0
            if let newest = migrations.last, current > newest.version {
                throw .unexpectedReply("the tables are of version \(current), this program knows \(newest.version)")
            }
            for migration in migrations where migration.version > current {
                for statement in statements(in: migration.sql) { _ = try await connection.query(statement) }
                _ = try await connection.query(
                    "insert into schema_migrations (version) values ($1)", [.integer(migration.version)])
            }
        }
    }

    /// The statements of a file: each ends with a semicolon at the end of a line.
    private static func statements(in sql: [UInt8]) -> [String] {
        var statements: [String] = []
        var statement = ""
        for line in String(decoding: sql, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("--") {
            statement += line + "\n"
            if line.hasSuffix(";") {
                statements.append(statement)
                statement = ""
            }
        }
        return statements
    }
}
