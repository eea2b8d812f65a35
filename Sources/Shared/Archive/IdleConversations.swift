/// Conversations in which nobody has written for a while, as PostgreSQL has them.
public struct IdleConversations {
    /// One that isn't archived.
    public struct Conversation: Sendable, Equatable {
        /// Which one it is.
        public let id: UUID
        /// When something was written in it last, or else when it was made: milliseconds since the Unix epoch.
        public let activity: Int64
    }

    /// A part of all conversations, by their ids.
    public struct Page: Sendable {
        /// How many were looked at.
        public let scanned: Int
        /// Behind which the next page begins; nil behind the last one.
        public let next: UUID?
        /// Those that were idle.
        public let idle: [Conversation]
    }

    /// So many conversations are looked at in one statement.
    static let pageSize = 500

    private let postgres: PostgresPool

    /// `postgres` is asked.
    public init(_ postgres: PostgresPool) {
        self.postgres = postgres
    }

    /// The conversations behind one that were idle since a moment (ms since the Unix epoch).
    public func page(after place: UUID?, idleSince moment: Int64) async throws(PostgresError) -> Page {
        let rows = try await postgres.query(
            """
            select c.id, c.archived_at is null, c.created_at, case when c.archived_at is null then (
                select last_event_id from messages where conversation_id = c.id order by last_event_id desc limit 1) end
            from conversations c where $1::uuid is null or c.id > $1 order by c.id limit $2
            """, [place.map { .uuid($0) } ?? .null, .integer(Int64(Self.pageSize))]
        ).rows
        let idle = rows.compactMap { row -> Conversation? in
            guard let id = row.uuid(0), row.bool(1) == true, let created = row.milliseconds(2) else { return nil }
            let activity = max(created, row.eventID(3)?.milliseconds ?? 0)
            return activity < moment ? Conversation(id: id, activity: activity) : nil
        }
        return Page(scanned: rows.count, next: rows.count < Self.pageSize ? nil : rows.last?.uuid(0), idle: idle)
    }
}
