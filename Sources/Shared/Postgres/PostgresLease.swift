/// Work that one process does for all, until a moment by PostgreSQL's clock; who dies loses it then.
public struct PostgresLease: Sendable {
    private let name: String
    private let owner: String
    private let milliseconds: Int64

    /// `owner` tells processes apart.
    public init(_ name: String, owner: String, milliseconds: Int64) {
        self.name = name
        self.owner = owner
        self.milliseconds = milliseconds
    }

    /// Takes or prolongs it; false while another process has it.
    public func take(_ postgres: PostgresPool) async throws(PostgresError) -> Bool {
        try await postgres.query(
            """
            insert into leases (name, owner, ends_at) values ($1, $2, now() + $3 * interval '1 millisecond')
            on conflict (name) do update set owner = excluded.owner, ends_at = excluded.ends_at
            where leases.owner = excluded.owner or leases.ends_at < now()
            """, [.text(name), .text(owner), .integer(milliseconds)]
        ).affectedRows == 1
    }

    /// Lets another one have it at once.
    public func giveBack(_ postgres: PostgresPool) async throws(PostgresError) {
        _ = try await postgres.query(
            "delete from leases where name = $1 and owner = $2", [.text(name), .text(owner)])
    }
}
