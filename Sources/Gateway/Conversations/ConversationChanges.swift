internal import Shared

/// Changes of who is in a conversation, and of its archive.
///
/// In one transaction the conversation's row is locked, its version raised, and then the fence script run, which cuts off
/// what Redis knows of the members and tells all nodes; then it is committed. Whoever loads the members meanwhile waits for
/// the lock: so wherever a gateway dies, a removed member doesn't come back. Confined to its loop.
struct ConversationChanges {
    enum Change {
        case add(UUID)
        case remove(UUID)
        case archive
        case unarchive

        /// What members are told, and whom it is about.
        var event: (name: String, subject: UUID?) {
            switch self {
            case .add(let user): ("added", user)
            case .remove(let user): ("removed", user)
            case .archive: ("archived", nil)
            case .unarchive: ("unarchived", nil)
            }
        }
    }

    enum Outcome {
        case changed(Conversation, Announcement)
        /// It was so already.
        case unchanged(Conversation)
        /// No such conversation, or the user isn't in it.
        case notFound
        case refused(CommandError)
    }

    private static let maximumParticipants = 1_000

    private let postgres: PostgresPool
    private let redis: RedisConnection
    private let partitioning: Partitioning

    init(postgres: PostgresPool, redis: RedisConnection, partitioning: Partitioning) {
        self.postgres = postgres
        self.redis = redis
        self.partitioning = partitioning
    }

    /// Makes a change on behalf of a user.
    func make(_ change: Change, in id: UUID, by user: UUID) async throws(PostgresError) -> Outcome {
        try await postgres.transaction { connection throws(PostgresError) in
            let locked = try await connection.query(
                "select id from conversations where id = $1 for update", [.uuid(id)])
            guard !locked.rows.isEmpty,
                let before = try await ConversationStore.read(
                    id, for: [user] + [change.event.subject].compactMap { $0 }, connection),
                let own = before.role(of: user)
            else { return .notFound }
            if let refusal = Self.refusal(of: change, in: before, user, own) { return .refused(refusal) }
            guard try await apply(change, to: before, connection) else { return .unchanged(before) }
            let version = try await ConversationFence.raiseVersion(id, connection)
            let last = try await ConversationFence.close(id, version, redis, partitioning)
            if case .add(let added) = change {
                // What was before counts as read: a message's status never goes back because somebody joined. Redis knows what
                // PostgreSQL doesn't have yet, and nothing where nobody has written for a while.
                _ = try await connection.query(
                    """
                    update participants set delivered_id = newest.id, read_id = newest.id
                    from (select greatest($3, coalesce(max(last_event_id), 0)) as id from messages
                        where conversation_id = $1) as newest
                    where conversation_id = $1 and user_id = $2
                    """, [.uuid(id), .uuid(added), .id(last)])
            }
            let announcement = Announcement(
                conversation: id, version: version, event: change.event.name, actor: user,
                subject: change.event.subject)
            try await announcement.insert(connection)
            guard let after = try await ConversationStore.read(id, for: [user], connection) else {
                throw .unexpectedReply("the conversation is gone")
            }
            return .changed(after, announcement)
        }
    }

    /// Takes a DIRECT conversation out of the archive that only its age has put there; nil where it stays archived. `isChanged` says
    /// whether this call did it.
    func unarchiveByUse(_ id: UUID) async throws(PostgresError) -> (conversation: Conversation, isChanged: Bool)? {
        try await postgres.transaction { connection throws(PostgresError) in
            let isChanged =
                try await connection.query(
                    "update conversations set archived_at = null where id = $1 and \(Archiver.opensByUse)", [.uuid(id)]
                ).affectedRows > 0
            if isChanged {
                let version = try await ConversationFence.raiseVersion(id, connection)
                _ = try await ConversationFence.close(id, version, redis, partitioning)
            }
            guard let conversation = try await ConversationStore.read(id, for: [], connection), !conversation.isArchived
            else { return nil }
            return (conversation, isChanged)
        }
    }

    private static func refusal(
        of change: Change, in conversation: Conversation, _ user: UUID, _ role: String
    ) -> CommandError? {
        let isAdmin = role == "ADMIN"
        switch change {
        case .remove(let other) where other == user && conversation.kind == .group: return nil
        case .add, .remove:
            guard conversation.kind == .group else {
                return CommandError(.notAllowed, "The participants of a DIRECT conversation don't change.")
            }
            guard !conversation.isArchived else { return CommandError(.archived, "The conversation is archived.") }
        case .archive, .unarchive: break
        }
        guard isAdmin || conversation.kind == .direct else {
            return CommandError(.notAllowed, "Only an ADMIN of the conversation may do this.")
        }
        if case .add(let other) = change, conversation.role(of: other) == nil,
            conversation.participantCount >= Int64(maximumParticipants)
        {
            return CommandError(
                .invalidField, "A conversation has at most \(maximumParticipants) participants.", field: "userId")
        }
        return nil
    }

    /// Changes the rows; false where nothing had to be changed.
    private func apply(
        _ change: Change, to conversation: Conversation, _ connection: PostgresConnection
    ) async throws(PostgresError) -> Bool {
        let id = PostgresValue.uuid(conversation.id)
        switch change {
        case .add(let user):
            return try await connection.query(
                """
                insert into participants (conversation_id, user_id, role) values ($1, $2, 'MEMBER')
                on conflict do nothing
                """, [id, .uuid(user)]
            ).affectedRows > 0
        case .remove(let user):
            let removed = try await connection.query(
                "delete from participants where conversation_id = $1 and user_id = $2", [id, .uuid(user)])
            // A group without an ADMIN could never change again: its oldest member takes over.
            _ = try await connection.query(
                """
                update participants set role = 'ADMIN' where conversation_id = $1
                    and not exists (select 1 from participants where conversation_id = $1 and role = 'ADMIN')
                    and user_id = (select user_id from participants where conversation_id = $1
                        order by joined_at, user_id limit 1)
                """, [id])
            return removed.affectedRows > 0
        case .archive:
            return try await connection.query(
                """
                update conversations set archived_at = now(), archived_by_age_at = null
                where id = $1 and (archived_at is null or archived_by_age_at = archived_at)
                """, [id]
            ).affectedRows > 0
        case .unarchive:
            return try await connection.query(
                "update conversations set archived_at = null where id = $1 and archived_at is not null", [id]
            ).affectedRows > 0
        }
    }
}
