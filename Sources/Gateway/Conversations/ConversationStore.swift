internal import Shared

/// Conversations and their participants in PostgreSQL.
///
/// Confined to its loop.
struct ConversationStore {
    /// What `create` led to.
    enum Creation {
        case created(Conversation)
        /// The DIRECT conversation of this pair, which existed.
        case existing(Conversation)
    }

    /// A conversation in a user's list.
    struct Listed {
        let conversation: Conversation
        /// Milliseconds since the Unix epoch.
        let activity: Int64
        /// The newest message that PostgreSQL has.
        let last: StoredMessage?

        var position: ListPosition { ListPosition(activity: activity, conversation: conversation.id) }
    }

    /// Up to where a user has read a conversation, and the last message of it that PostgreSQL is known to have.
    struct Unread {
        let conversation: UUID
        let read: EventID
        let last: EventID
    }

    /// So many unread messages are counted.
    static let maximumUnread = 100
    /// They are looked for among so many of the newest: one's own and deleted ones among them count for nothing, however many
    /// there are.
    private static let scannedUnread = 200

    private static let columns = """
        c.id, c.type, c.title, c.created_by, c.created_at, c.archived_at is not null,
        (select count(*) from participants where conversation_id = c.id)
        """

    private let postgres: PostgresPool

    init(_ postgres: PostgresPool) {
        self.postgres = postgres
    }

    /// Creates a conversation; for a DIRECT one that exists already for its pair it returns that.
    func create(
        _ kind: Conversation.Kind, title: String?, by creator: UUID, with users: [UUID]
    ) async throws(PostgresError) -> Creation {
        let id = UUID.random()
        return try await postgres.transaction { connection throws(PostgresError) in
            let pair = kind == .direct ? users.sorted() : []
            let inserted = try await connection.query(
                """
                insert into conversations (id, type, title, created_by, direct_low, direct_high)
                values ($1, $2, $3, $4, $5, $6)
                on conflict (direct_low, direct_high) where type = 'DIRECT' do nothing
                """,
                [
                    .uuid(id), .text(kind.rawValue), title.map { .text($0) } ?? .null, .uuid(creator),
                    pair.first.map { .uuid($0) } ?? .null, pair.last.map { .uuid($0) } ?? .null,
                ])
            guard inserted.affectedRows == 1 else {
                let known = try await connection.query(
                    "select id from conversations where direct_low = $1 and direct_high = $2 and type = 'DIRECT'",
                    [.uuid(pair[0]), .uuid(pair[1])])
                guard let existing = known.rows.first?.uuid(0),
                    let conversation = try await Self.read(existing, for: users, connection)
                else { throw .unexpectedReply("the pair's conversation is gone") }
                return .existing(conversation)
            }
            _ = try await connection.query(
                """
                insert into participants (conversation_id, user_id, role)
                select $1, user_id, case when user_id = $3 then 'ADMIN' else 'MEMBER' end
                from unnest($2::uuid[]) as user_id
                """, [.uuid(id), .uuids(users), .uuid(creator)])
            guard let conversation = try await Self.read(id, for: [creator], connection) else {
                throw .unexpectedReply("the new conversation is gone")
            }
            return .created(conversation)
        }
    }

    /// A conversation of which `user` is a participant.
    func read(_ id: UUID, for user: UUID) async throws(PostgresError) -> Conversation? {
        try await postgres.transaction { connection throws(PostgresError) in
            guard let conversation = try await Self.read(id, for: [user], connection),
                conversation.participant(user) != nil
            else { return nil }
            return conversation
        }
    }

    /// A user's conversations by activity, latest first.
    func list(
        of user: UUID, after position: ListPosition?, limit: Int
    ) async throws(PostgresError) -> [Listed] {
        try await postgres.transaction { connection throws(PostgresError) in
            let rows = try await connection.query(
                Self.listQuery,
                [
                    .uuid(user), position.map { .timestamp($0.activity) } ?? .null,
                    position.map { .uuid($0.conversation) } ?? .null, .integer(Int64(limit)),
                ]
            ).rows
            let ids = rows.compactMap { $0.uuid(12) }
            let people = try await Self.participants(of: ids, and: [user], connection)
            return rows.compactMap { row in
                guard let id = row.uuid(12), var conversation = Self.conversation(row, from: 12),
                    let activity = row.milliseconds(19)
                else { return nil }
                conversation.participants = people[id] ?? []
                return Listed(
                    conversation: conversation, activity: activity, last: StoredMessage(row, id))
            }
        }
    }

    private static let listQuery = """
        select m.id, m.last_event_id, m.previous_event_id, m.sender_id, m.sender_type, m.message_type, m.content,
            m.client_message_id, m.file, m.created_at, m.edited_at, m.is_deleted, \(columns),
            date_trunc('milliseconds', coalesce(m.created_at, c.created_at)) as activity
        from participants p
        join conversations c on c.id = p.conversation_id
        left join lateral (
            select * from messages m where m.conversation_id = c.id and m.duplicate_of is null
            order by m.id desc limit 1) m on true
        where p.user_id = $1
            and ($2::timestamptz is null
                or (date_trunc('milliseconds', coalesce(m.created_at, c.created_at)), c.id) < ($2, $3))
        order by activity desc, c.id desc limit $4
        """

    /// How many messages of others, up to `maximumUnread`, PostgreSQL has between the two places of each conversation; none for
    /// one in which the user isn't any more.
    func unread(of user: UUID, _ places: [Unread]) async throws(PostgresError) -> [UUID: Int64] {
        guard !places.isEmpty else { return [:] }
        let rows = try await postgres.query(
            """
            select e.id, (select count(*) from (
                select from (
                    select m.sender_id, m.is_deleted from messages m
                    where m.conversation_id = e.id and m.id > e.read and m.id <= e.last and m.duplicate_of is null
                    order by m.id desc limit $6) as newest
                where newest.sender_id <> $1 and not newest.is_deleted limit $5) as unread)
            from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as e (id, read, last)
            join participants p on p.conversation_id = e.id and p.user_id = $1
            """,
            [
                .uuid(user), .uuids(places.map(\.conversation)), .ids(places.map(\.read)),
                .ids(places.map(\.last)), .integer(Int64(Self.maximumUnread)), .integer(Int64(Self.scannedUnread)),
            ]
        ).rows
        var counts: [UUID: Int64] = [:]
        for row in rows { if let id = row.uuid(0) { counts[id] = row.integer(1) } }
        return counts
    }

    /// Participants of a conversation by their ids, those behind `after`, where `user` is one; nil where they aren't.
    func participants(
        of id: UUID, for user: UUID, after: UUID?, limit: Int
    ) async throws(PostgresError) -> [Conversation.Participant]? {
        try await postgres.transaction { connection throws(PostgresError) in
            let own = try await connection.query(
                "select from participants where conversation_id = $1 and user_id = $2", [.uuid(id), .uuid(user)])
            guard !own.rows.isEmpty else { return nil }
            return try await connection.query(
                """
                select conversation_id, user_id, role, joined_at, delivered_id, read_id from participants
                where conversation_id = $1 and ($2::uuid is null or user_id > $2) order by user_id limit $3
                """, [.uuid(id), after.map { .uuid($0) } ?? .null, .integer(Int64(limit))]
            ).rows.compactMap { Self.participant($0)?.participant }
        }
    }

    /// All who are in a conversation.
    static func members(of id: UUID, _ postgres: PostgresPool) async throws(PostgresError) -> [UUID] {
        try await postgres.query("select user_id from participants where conversation_id = $1", [.uuid(id)])
            .rows.compactMap { $0.uuid(0) }
    }

    /// Reads a conversation within a transaction, with what there is of some users beside its first participants.
    static func read(
        _ id: UUID, for users: [UUID], _ connection: PostgresConnection
    ) async throws(PostgresError) -> Conversation? {
        let rows = try await connection.query("select \(columns) from conversations c where c.id = $1", [.uuid(id)])
            .rows
        guard let row = rows.first, var conversation = conversation(row, from: 0) else { return nil }
        conversation.participants = try await participants(of: [id], and: users, connection)[id] ?? []
        return conversation
    }

    /// The first participants of each conversation and some others, by when they came. The first are those with the lowest ids,
    /// which the primary key finds without reading the others.
    private static func participants(
        of ids: [UUID], and users: [UUID], _ connection: PostgresConnection
    ) async throws(PostgresError) -> [UUID: [Conversation.Participant]] {
        let rows = try await connection.query(
            """
            select e.id, p.user_id, p.role, p.joined_at, p.delivered_id, p.read_id
            from unnest($1::uuid[]) as e (id) cross join lateral (
                (select user_id, role, joined_at, delivered_id, read_id from participants
                    where conversation_id = e.id order by user_id limit $3)
                union
                (select user_id, role, joined_at, delivered_id, read_id from participants
                    where conversation_id = e.id and user_id = any($2::uuid[]))) as p
            order by p.joined_at, p.user_id
            """, [.uuids(ids), .uuids(users), .integer(Int64(Conversation.shownParticipants))]
        ).rows
        var people: [UUID: [Conversation.Participant]] = [:]
        for row in rows {
            guard let (id, participant) = participant(row) else { continue }
            people[id, default: []].append(participant)
        }
        return people
    }

    private static func participant(
        _ row: PostgresRow
    ) -> (conversation: UUID, participant: Conversation.Participant)? {
        guard let id = row.uuid(0), let user = row.uuid(1), let role = row.text(2), let joinedAt = row.milliseconds(3)
        else { return nil }
        let position = Cursors.Position(delivered: row.eventID(4) ?? .zero, read: row.eventID(5) ?? .zero)
        return (id, Conversation.Participant(user: user, role: role, joinedAt: joinedAt, position: position))
    }

    private static func conversation(_ row: PostgresRow, from first: Int) -> Conversation? {
        guard let id = row.uuid(first), let kind = row.text(first + 1).flatMap(Conversation.Kind.init),
            let createdBy = row.uuid(first + 3), let createdAt = row.milliseconds(first + 4)
        else { return nil }
        return Conversation(
            id: id, kind: kind, title: row.text(first + 2), createdBy: createdBy, createdAt: createdAt,
            isArchived: row.bool(first + 5) ?? false, participantCount: row.integer(first + 6) ?? 0)
    }
}
