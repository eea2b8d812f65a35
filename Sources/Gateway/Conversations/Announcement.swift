internal import Shared

/// A change of a conversation that its members have to be told of, as it stands in PostgreSQL until they are.
struct Announcement {
    let conversation: UUID
    /// The version of the members that the change made.
    let version: Int64
    /// `added`, `removed`, `archived`, `unarchived`, or the archiver's.
    let event: String
    /// Who made it.
    let actor: UUID
    /// Who was added or removed.
    let subject: UUID?

    /// Whether the conversation was archived for its age: its members get the notice, but no message.
    var isOfArchiver: Bool { event == Archiver.event }

    /// What the notice says.
    var noticeEvent: String { isOfArchiver ? ConversationChanges.Change.archive.event.name : event }

    /// The content of the SYSTEM message.
    var words: String {
        switch (event, subject) {
        case ("added", let user?): "joined \(user)"
        case ("removed", let user?): user == actor ? "left \(user)" : "removed \(user)"
        default: event
        }
    }

    /// The same each time the change is told, so that it is told once.
    var clientMessageID: String { "change-\(version)" }

    /// Writes it, in the transaction of the change.
    func insert(_ connection: PostgresConnection) async throws(PostgresError) {
        _ = try await connection.query(
            """
            insert into announcements (conversation_id, version, event, actor, subject) values ($1, $2, $3, $4, $5)
            """,
            [.uuid(conversation), .integer(version), .text(event), .uuid(actor), subject.map { .uuid($0) } ?? .null])
    }

    /// Removes it once it has been told.
    func remove(_ postgres: PostgresPool) async throws(PostgresError) {
        _ = try await postgres.query(
            "delete from announcements where conversation_id = $1 and version = $2",
            [.uuid(conversation), .integer(version)])
    }

    /// Those that should have been told by now, oldest first. Who gets them has so many seconds to tell them, before another
    /// node gets them; two that ask at once get different ones.
    static func takeOverdue(_ postgres: PostgresPool, seconds: Int64, limit: Int64) async throws(PostgresError)
        -> [Announcement]
    {
        try await postgres.query(
            """
            with overdue as materialized (
                select conversation_id, version from announcements
                where created_at < now() - $1 * interval '1 second'
                order by created_at, version limit $2 for update skip locked)
            update announcements a set created_at = now() from overdue o
            where a.conversation_id = o.conversation_id and a.version = o.version
            returning a.conversation_id, a.version, a.event, a.actor, a.subject
            """, [.integer(seconds), .integer(limit)]
        ).rows.compactMap { row in
            guard let conversation = row.uuid(0), let version = row.integer(1), let event = row.text(2),
                let actor = row.uuid(3)
            else { return nil }
            return Announcement(
                conversation: conversation, version: version, event: event, actor: actor, subject: row.uuid(4))
        }.sorted { $0.version < $1.version }
    }
}
