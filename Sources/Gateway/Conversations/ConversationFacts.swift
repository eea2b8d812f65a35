internal import Shared

/// What PostgreSQL has of a conversation that Redis has to know.
struct ConversationFacts {
    struct Member {
        let user: UUID
        let role: String
        let position: Cursors.Position

        init?(_ row: PostgresRow) {
            guard let user = row.uuid(1), let role = row.text(2), let delivered = row.eventID(3),
                let read = row.eventID(4)
            else { return nil }
            self.user = user
            self.role = role
            position = Cursors.Position(delivered: delivered, read: read)
        }
    }

    let last: EventID
    let version: Int64
    let isArchived: Bool
    /// Whether the next message takes it out of the archive.
    let opensByUse: Bool
    /// The two of a DIRECT conversation as "a,b", or "-".
    let recipients: String
    let members: [Member]

    /// Reads conversations. The rows are locked first and the members are read by a later statement, so that a change under way is
    /// waited for and then seen; without `waits` those that are being changed are left out.
    static func read(
        _ conversations: [UUID], waits: Bool, _ postgres: PostgresPool
    ) async throws(PostgresError) -> [UUID: ConversationFacts] {
        try await postgres.transaction { connection throws(PostgresError) in
            let rows = try await connection.query(
                """
                select id, type, version, archived_at is not null, \(Archiver.opensByUse) from conversations
                where id = any($1) order by id for share\(waits ? "" : " skip locked")
                """, [.uuids(conversations)]
            ).rows
            let ids = rows.compactMap { $0.uuid(0) }
            let members = try await connection.query(
                """
                select conversation_id, user_id, role, delivered_id, read_id from participants
                where conversation_id = any($1) order by conversation_id, user_id
                """, [.uuids(ids)]
            ).rows
            let lasts = try await connection.query(
                """
                select c, (
                    select last_event_id from messages where conversation_id = c order by last_event_id desc limit 1)
                from unnest($1::uuid[]) as c
                """, [.uuids(ids)]
            ).rows
            let last = Dictionary(lasts.compactMap { row in row.uuid(0).map { ($0, row.eventID(1) ?? .zero) } }) { $1 }
            var byConversation: [UUID: [Member]] = [:]
            for row in members {
                guard let id = row.uuid(0), let member = Member(row) else { continue }
                byConversation[id, default: []].append(member)
            }
            var facts: [UUID: ConversationFacts] = [:]
            for row in rows {
                guard let id = row.uuid(0), let type = row.text(1), let version = row.integer(2),
                    let isArchived = row.bool(3), let opensByUse = row.bool(4), let last = last[id]
                else { continue }
                let members = byConversation[id] ?? []
                let users = members.map(\.user.description).joined(separator: ",")
                facts[id] = ConversationFacts(
                    last: last, version: version, isArchived: isArchived,
                    opensByUse: opensByUse,
                    recipients: type == "DIRECT" && members.count == 2 ? users : "-", members: members)
            }
            return facts
        }
    }
}
