/// The history that a PostgreSQL server writes: which cluster, and which of its timelines.
///
/// A standby that is promoted begins a new timeline, and so does a recovery to a point in time; a restored dump is another
/// cluster. What was committed on the old timeline may then be missing. Any role may ask; behind a pooler it has to be asked
/// in the transaction that it is to say something about.
public struct PostgresTimeline: Equatable, Sendable, CustomStringConvertible {
    /// What identifies the cluster, as PostgreSQL made it with the data folder.
    public let system: Int64
    /// Counts the histories of the cluster, from 1.
    public let number: Int64

    /// An expression of SQL for the timeline as text; NULL on a server that is in recovery, which writes none.
    public static let expression = """
        (case when pg_is_in_recovery() then null else
            (select system_identifier from pg_control_system()) || '/'
            || ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint end)
        """

    /// An expression of SQL: true while the rows belong to the timeline that is being written; for statements that must not be
    /// run otherwise, since a failover may have lost what was committed last.
    public static let isKnown = """
        (select value from parley_meta where key = 'timeline') is not distinct from \(expression)
        """

    /// The same, and Redis' copies of what may have been lost have been compared since: a copy may be thrown away.
    public static let isRecovered = """
        \(isKnown) and not exists (select from parley_meta where key = 'timeline_to_recover')
        """

    /// Names a timeline of a cluster.
    public init(system: Int64, number: Int64) {
        self.system = system
        self.number = number
    }

    /// Reads what `expression` gives, or `description`; nil when it is something else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let system = Int64(parts[0]), let number = Int64(parts[1]) else { return nil }
        self.init(system: system, number: number)
    }

    /// Both numbers, as `expression` gives them.
    public var description: String { "\(system)/\(number)" }

    /// The timeline of the server that a connection leads to; throws `unexpectedReply` where that is a standby.
    public static func current(_ connection: PostgresConnection) async throws(PostgresError) -> PostgresTimeline {
        try read(try await connection.query("select \(expression)"))
    }

    /// The same over any connection of a pool.
    public static func current(_ postgres: PostgresPool) async throws(PostgresError) -> PostgresTimeline {
        try read(try await postgres.query("select \(expression)"))
    }

    private static func read(_ result: PostgresResult) throws(PostgresError) -> PostgresTimeline {
        guard let timeline = result.rows.first?.text(0).flatMap({ PostgresTimeline($0) }) else {
            throw .unexpectedReply("the server is a standby")
        }
        return timeline
    }
}
