internal import Shared

/// The timeline of PostgreSQL that the rows belong to: it stands among them, so that a promoted standby, which has the old one,
/// shows by itself that it may lack what was committed last.
enum KnownTimeline {
    enum Status {
        /// As it was, and nothing is left to do.
        case known
        /// Another one than before, now or a moment ago: Redis may know what the rows lack.
        case changed(PostgresTimeline)
    }

    /// Versions of conversations that were given and lost would be given again: nodes that know one don't look at their
    /// subscribers. More than this can't be lost.
    private static let jump: Int64 = 1_000_000

    /// Compares, and notes the timeline where it is another one. Versions given from then on are beyond any that was lost.
    static func look(_ postgres: PostgresPool) async throws(PostgresError) -> Status {
        let row = try await postgres.query(
            "select \(PostgresTimeline.isKnown), (select value from parley_meta where key = 'timeline_to_recover')"
        ).rows.first
        if row?.bool(0) == true { return row?.text(1).flatMap { PostgresTimeline($0) }.map { .changed($0) } ?? .known }
        return try await postgres.transaction { connection throws(PostgresError) in
            let current = try await PostgresTimeline.current(connection)
            let text = PostgresValue.text(current.description)
            let isFirst =
                try await connection.query(
                    "insert into parley_meta (key, value) values ('timeline', $1) on conflict do nothing", [text]
                ).affectedRows == 1
            if isFirst { return .known }
            // Of two nodes the second waits here, and finds it done.
            let isChanged =
                try await connection.query(
                    "update parley_meta set value = $1 where key = 'timeline' and value <> $1", [text]
                ).affectedRows == 1
            if isChanged {
                _ = try await connection.query(
                    "select setval('conversation_versions', nextval('conversation_versions') + \(jump))")
                _ = try await connection.query(
                    """
                    insert into parley_meta (key, value) values ('timeline_to_recover', $1)
                    on conflict (key) do update set value = excluded.value
                    """, [text])
            }
            return .changed(current)
        }
    }

    /// What Redis knew has been compared with the rows.
    static func recovered(_ timeline: PostgresTimeline, _ postgres: PostgresPool) async throws(PostgresError) {
        _ = try await postgres.query(
            "delete from parley_meta where key = 'timeline_to_recover' and value = $1",
            [.text(timeline.description)])
    }
}
