internal import Shared

/// Brings back from Redis what PostgreSQL has lost: conversations, changes of their members, and keys of their contents.
///
/// Redis has the members of every conversation that was written in since they changed, for the change itself is told by a
/// message. What it hasn't is lost: `README.md` says when. Confined to its loop.
struct LostCommits {
    enum Outcome {
        case unchanged
        case forgotten
        case restored
        /// It can't be brought back: its pair has another conversation by now.
        case refused
    }

    private let postgres: PostgresPool
    private let redis: RedisConnection
    private let partitioning: Partitioning

    init(postgres: PostgresPool, redis: RedisConnection, partitioning: Partitioning) {
        self.postgres = postgres
        self.redis = redis
        self.partitioning = partitioning
    }

    /// Compares one conversation; harmless at any time, and for any that there isn't.
    func recover(_ id: UUID) async throws(ReadError) -> Outcome {
        let partition = partitioning.partition(of: id)
        let replies: [RedisReply]
        do throws(RedisError) {
            replies = try await redis.pipeline([
                RedisCommand("HGETALL", Keys.members(id, partition)),
                RedisCommand("HGETALL", Keys.cursors(id, partition)), RedisCommand("GET", Keys.dataKey(id, partition)),
            ])
        } catch {
            throw .redis(error)
        }
        do throws(PostgresError) {
            var outcome = Outcome.unchanged
            if let known = RememberedConversation(id, members: replies[0], cursors: replies[1]) {
                outcome = try await recover(known)
            }
            if let words = replies[2].text?.split(separator: " "), words.count == 2 {
                // It seals what Redis and the streams hold: whoever made another one would make that unreadable.
                _ = try await postgres.query(
                    """
                    insert into data_keys (conversation_id, master, wrapped)
                    select id, $2, $3 from conversations where id = $1 on conflict do nothing
                    """, [.uuid(id), .text(String(words[0])), .text(String(words[1]))])
            }
            return outcome
        } catch {
            throw .postgres(error)
        }
    }

    private func recover(_ known: RememberedConversation) async throws(PostgresError) -> Outcome {
        // Most have lost nothing, and need no lock.
        let seen = try await postgres.transaction { connection throws(PostgresError) in
            try await stored(known.id, isLocked: false, connection)
        }
        if known.difference(seen) == .none { return .unchanged }
        return try await postgres.transaction { connection throws(PostgresError) in
            switch known.difference(try await stored(known.id, isLocked: true, connection)) {
            case .none: return .unchanged
            case .forget:
                try await fence(known.id, connection)
                return .forgotten
            case .restore:
                try await restore(known, connection)
                try await fence(known.id, connection)
                return .restored
            case .create:
                guard try await create(known, connection) else { return .refused }
                try await restore(known, connection)
                try await fence(known.id, connection)
                return .restored
            }
        }
    }

    private func stored(
        _ id: UUID, isLocked: Bool, _ connection: PostgresConnection
    ) async throws(PostgresError) -> RememberedConversation.Members? {
        let row = try await connection.query(
            "select version, archived_at is not null from conversations where id = $1"
                + (isLocked ? " for update" : ""),
            [.uuid(id)]
        ).rows.first
        guard let row, let version = row.integer(0), let isArchived = row.bool(1) else { return nil }
        var roles: [UUID: String] = [:]
        for row in try await connection.query(
            "select user_id, role from participants where conversation_id = $1", [.uuid(id)]
        ).rows { if let user = row.uuid(0) { roles[user] = row.text(1) } }
        return .init(version: version, isArchived: isArchived, roles: roles)
    }

    /// Without its title, and by an ADMIN of it: Redis has neither. False where its pair has another one.
    private func create(
        _ known: RememberedConversation, _ connection: PostgresConnection
    ) async throws(PostgresError) -> Bool {
        let users = known.members.roles.keys.sorted()
        let isDirect = known.isDirect && users.count == 2
        let creator = users.first { known.members.roles[$0] == "ADMIN" } ?? users[0]
        return try await connection.query(
            """
            insert into conversations (id, type, created_by, direct_low, direct_high) values ($1, $2, $3, $4, $5)
            on conflict do nothing
            """,
            [
                .uuid(known.id), .text(isDirect ? "DIRECT" : "GROUP"), .uuid(creator),
                isDirect ? .uuid(users[0]) : .null, isDirect ? .uuid(users[1]) : .null,
            ]
        ).affectedRows == 1
    }

    private func restore(
        _ known: RememberedConversation, _ connection: PostgresConnection
    ) async throws(PostgresError) {
        let users = known.members.roles.keys.sorted()
        let positions = users.map { known.cursors.positions[$0] ?? Cursors.Position() }
        _ = try await connection.query(
            "delete from participants where conversation_id = $1 and user_id <> all($2::uuid[])",
            [.uuid(known.id), .uuids(users)])
        _ = try await connection.query(
            """
            insert into participants (conversation_id, user_id, role, delivered_id, read_id)
            select $1, e.* from unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[]) as e
            on conflict (conversation_id, user_id) do update set role = excluded.role
            """,
            [
                .uuid(known.id), .uuids(users), .texts(users.map { known.members.roles[$0] }),
                .ids(positions.map(\.delivered)), .ids(positions.map(\.read)),
            ])
        _ = try await connection.query(
            """
            update conversations set archived_at = case when $2 then coalesce(archived_at, now()) end,
                archived_by_age_at = case when $3 then coalesce(archived_at, now()) end
            where id = $1
            """, [.uuid(known.id), .bool(known.members.isArchived), .bool(known.opensByUse)])
    }

    private func fence(_ id: UUID, _ connection: PostgresConnection) async throws(PostgresError) {
        let version = try await ConversationFence.raiseVersion(id, connection)
        _ = try await ConversationFence.close(id, version, redis, partitioning)
    }
}
