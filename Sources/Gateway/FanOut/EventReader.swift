internal import Shared

/// Why a conversation can't be read at present.
enum ReadError: Error {
    case redis(RedisError)
    case postgres(PostgresError)
}

/// Reads a conversation's events in order: from Redis what it still has, from PostgreSQL what is older.
///
/// Everything that isn't committed is in Redis, and Redis drops only committed events, raising `floor`: so the two together
/// are whole at any time. Confined to its loop.
final class EventReader {
    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    private let vault: ContentVault?

    init(redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, vault: ContentVault?) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.vault = vault
    }

    /// Up to `limit` events after `after`, oldest first; fewer only at the end.
    func events(
        of conversation: UUID, after: EventID, limit: Int, recipients: [UUID] = []
    ) async throws(ReadError) -> [Event] {
        let events = try await keptEvents(of: conversation, after: after, limit: limit, recipients: recipients)
        return try await vault?.open(events, of: conversation) ?? events
    }

    /// The same as they are kept.
    private func keptEvents(
        of conversation: UUID, after: EventID, limit: Int, recipients: [UUID]
    ) async throws(ReadError) -> [Event] {
        let partition = partitioning.partition(of: conversation)
        let replies: [RedisReply]
        do {
            // The floor is read after the events: it only rises, so what it promises to be here was here.
            replies = try await redis.pipeline([
                RedisCommand(
                    "XRANGE", Keys.events(conversation, partition), "\(after.next)-0", "+", "COUNT", String(limit)),
                RedisCommand("HMGET", Keys.conversation(conversation, partition), "last", "floor"),
            ])
        } catch {
            throw .redis(error)
        }
        let state = replies[1].elements ?? []
        let floor = state.count == 2 && state[0].integer != nil ? state[1].eventID : nil
        if let floor, floor <= after { return Self.events(in: replies[0]) }
        // What has been changed since comes as the change, in its turn: PostgreSQL may not have that yet.
        let changes: [EventID: EventID]
        do {
            changes = Self.changes(
                in: try await redis.call("HGETALL", Keys.changes(conversation, partition)))
        } catch {
            throw .redis(error)
        }
        let stored = try await storedEvents(of: conversation, after: after, upTo: floor, limit, changes, recipients)
        guard stored.count < limit, let floor else { return stored }
        return stored
            + (try await keptEvents(
                of: conversation, after: floor, limit: limit - stored.count, recipients: recipients))
    }

    /// Whether PostgreSQL has to be read for at most `limit` events after one; what Redis has costs little.
    func isWithin(_ limit: Int, of conversation: UUID, after: EventID) async throws(ReadError) -> Bool {
        let key = Keys.conversation(conversation, partitioning.partition(of: conversation))
        let floor: EventID?
        do {
            floor = try await redis.call("HGET", key, "floor").eventID
        } catch {
            throw .redis(error)
        }
        if let floor, floor <= after { return true }
        do {
            let count = try await postgres.query(
                """
                select count(*) from (
                    select from messages
                    where conversation_id = $1 and last_event_id > $2 and last_event_id <= $3 limit $4) as newer
                """, [.uuid(conversation), .id(after), .id(floor ?? .highest), .integer(Int64(limit) + 1)]
            ).rows.first?.integer(0)
            return count ?? 0 <= Int64(limit)
        } catch {
            throw .postgres(error)
        }
    }

    private func storedEvents(
        of conversation: UUID, after: EventID, upTo last: EventID?, _ limit: Int, _ changes: [EventID: EventID],
        _ recipients: [UUID]
    ) async throws(ReadError) -> [Event] {
        do {
            let result = try await postgres.query(
                """
                select \(StoredMessage.columns) from messages m
                where conversation_id = $1 and last_event_id > $2 and last_event_id <= $3 and duplicate_of is null
                    and not exists (
                        select from unnest($5::bigint[], $6::bigint[]) as change (message, event)
                        where change.message = m.id and change.event > m.last_event_id)
                order by last_event_id limit $4
                """,
                [
                    .uuid(conversation), .id(after), .id(last ?? .highest), .integer(Int64(limit)),
                    .ids(Array(changes.keys)), .ids(Array(changes.values)),
                ])
            return result.rows.compactMap { StoredMessage($0, conversation)?.event(recipients: recipients) }
        } catch {
            throw .postgres(error)
        }
    }

    /// What Redis knows of changed messages: the last event of each.
    static func changes(in reply: RedisReply) -> [EventID: EventID] {
        let pairs = reply.elements?.compactMap(\.eventID) ?? []
        var changes: [EventID: EventID] = [:]
        for place in stride(from: 0, to: pairs.count - 1, by: 2) { changes[pairs[place]] = pairs[place + 1] }
        return changes
    }

    /// The events in the reply of XRANGE or XREVRANGE.
    static func events(in reply: RedisReply) -> [Event] {
        (reply.elements ?? []).compactMap { entry in
            guard let fields = entry.elements?.last?.elements, fields.count >= 2, let bytes = fields[1].bytes else {
                return nil
            }
            return Event(bytes)
        }
    }
}
