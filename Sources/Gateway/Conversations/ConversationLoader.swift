internal import Shared

/// Brings a conversation's state and members from PostgreSQL into Redis, by a ticket that a change of members deletes.
///
/// Confined to its loop; loads of one conversation that are asked for at once are one, and few are under way at a time.
final class ConversationLoader {
    enum Outcome: Sendable {
        /// Redis has it now, or another node is about to write it.
        case loaded
        /// There is no such conversation.
        case notFound
        /// PostgreSQL or Redis can't be asked at present.
        case unavailable(String)
    }

    /// A ticket that nobody used is gone after this many milliseconds.
    private static let ticketLifetime = "5000"

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    /// How long (ms) a state stays of which PostgreSQL has everything.
    private let stateTTL: Int64
    private let loop: EventLoop
    private var waiting: [UUID: [(Outcome) -> Void]] = [:]
    private var queue = LoadQueue()

    init(
        redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, stateTTL: Int64, loop: EventLoop
    ) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.stateTTL = stateTTL
        self.loop = loop
    }

    func load(_ conversation: UUID, _ completion: @escaping (Outcome) -> Void) {
        if waiting[conversation] != nil {
            waiting[conversation]?.append(completion)
            return
        }
        waiting[conversation] = [completion]
        switch queue.ask(conversation, at: loop.now) {
        case .begins: begin(conversation)
        case .waits: break
        case .isFull: finish(conversation, .unavailable("too many conversations wait to be loaded"))
        }
    }

    private func begin(_ conversation: UUID) {
        loop.spawn {
            let outcome = await self.loadOnce(conversation)
            let (late, next) = self.queue.ended(at: self.loop.now)
            if let next { self.begin(next) }
            self.finish(conversation, outcome)
            for one in late { self.finish(one, .unavailable("too many conversations were to be loaded before")) }
        }
    }

    private func finish(_ conversation: UUID, _ outcome: Outcome) {
        for completion in waiting.removeValue(forKey: conversation) ?? [] { completion(outcome) }
    }

    /// The same, awaited.
    func load(_ conversation: UUID) async -> Outcome {
        await withCheckedContinuation { continuation in
            load(conversation) { continuation.resume(returning: $0) }
        }
    }

    private func loadOnce(_ conversation: UUID) async -> Outcome {
        let partition = partitioning.partition(of: conversation)
        let ticket = UUID.random().description
        do {
            _ = try await redis.call(
                "SET", Keys.ticket(conversation, partition), ticket, "PX", Self.ticketLifetime)
        } catch {
            return .unavailable(error.description)
        }
        let facts: Facts?
        do {
            facts = try await read(conversation)
        } catch {
            return .unavailable(error.description)
        }
        guard let facts else { return .notFound }
        do {
            try await noteInboxes(facts, partition)
            let reply = try await redis.call(RedisScripts.load, keys: [Keys.stream(partition)]) { command in
                command.add(conversation.description)
                command.add(ticket)
                command.add(facts.last)
                command.add(facts.version)
                command.add(facts.isArchived ? "1" : "0")
                command.add(facts.recipients)
                command.add(stateTTL)
                for member in facts.members {
                    command.add(member.user.description)
                    command.add(member.role)
                    command.add(member.position.delivered)
                    command.add(member.position.read)
                }
            }
            // Another load or a change of members took the ticket: the caller looks again, and comes back if need be.
            // Not all at one moment: they would take the ticket from each other again.
            if reply.integer == 0 { await loop.sleep(milliseconds: Int64.random(in: 5...40)) }
            return .loaded
        } catch {
            return .unavailable(error.description)
        }
    }

    /// Notes the partition in the indexes of the two users of a DIRECT conversation, before anything can get into their inboxes.
    private func noteInboxes(_ facts: Facts, _ partition: Partition) async throws(RedisError) {
        guard facts.recipients != "-" else { return }
        _ = try await redis.pipeline(
            facts.members.flatMap { member in
                let key = Keys.inboxParts(member.user)
                return [
                    RedisCommand("SADD", key, String(partition.number)),
                    RedisCommand("EXPIRE", key, String(InboxIndex.lifetime)),
                ]
            })
    }

    private struct Facts {
        var last: EventID
        var version: Int64
        var isArchived: Bool
        var recipients: String
        var members: [Member]

        struct Member {
            let user: UUID
            let role: String
            let position: Cursors.Position

            init?(_ row: PostgresRow) {
                guard let user = row.uuid(0), let role = row.text(1), let delivered = row.eventID(2),
                    let read = row.eventID(3)
                else { return nil }
                self.user = user
                self.role = role
                position = Cursors.Position(delivered: delivered, read: read)
            }
        }
    }

    /// The row is locked first and the members are read by a later statement, so that a change under way is waited for and
    /// then seen.
    private func read(_ conversation: UUID) async throws(PostgresError) -> Facts? {
        try await postgres.transaction { connection throws(PostgresError) in
            let rows = try await connection.query(
                "select type, version, archived_at is not null from conversations where id = $1 for share",
                [.uuid(conversation)]
            ).rows
            guard let row = rows.first, let type = row.text(0), let version = row.integer(1),
                let isArchived = row.bool(2)
            else { return nil }
            let members = try await connection.query(
                """
                select user_id, role, delivered_id, read_id from participants
                where conversation_id = $1 order by user_id
                """, [.uuid(conversation)]
            ).rows.compactMap { Facts.Member($0) }
            let last = try await connection.query(
                "select coalesce(max(last_event_id), 0) from messages where conversation_id = $1",
                [.uuid(conversation)]
            ).rows.first?.eventID(0)
            let users = members.map(\.user.description).joined(separator: ",")
            return Facts(
                last: last ?? .zero, version: version, isArchived: isArchived,
                recipients: type == "DIRECT" && members.count == 2 ? users : "-", members: members)
        }
    }
}
