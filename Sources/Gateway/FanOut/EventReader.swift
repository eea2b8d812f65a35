internal import Shared

/// Why a conversation can't be read at present.
enum ReadError: Error {
    case redis(RedisError)
    case postgres(PostgresError)
}

/// What one read brought of a conversation.
struct EventPage: Sendable {
    /// The events in order.
    var events: [Event] = []
    /// Those of them before which something stands that this build can't read.
    var holesBefore: Set<EventID> = []
    /// Whether such a thing stands behind the last of them.
    var endsInHole = false
    /// Everything up to here was read.
    var end: EventID
    /// Whether there was nothing beyond.
    var isLast = true

    /// The bytes of the events.
    var byteCount: Int { events.reduce(0) { $0 + $1.json.count } }

    /// Nothing, up to an event.
    init(end: EventID) { self.end = end }

    /// Entries by their ids, nil for one that can't be read: such a one counts, or what follows would be skipped with it.
    /// `isFull` says that more had no room, however few they are.
    init(_ entries: [(id: EventID, event: Event?)], after: EventID, limit: Int, isFull: Bool = false) {
        end = after
        for (id, event) in entries {
            end = max(end, id)
            if let event {
                if endsInHole { holesBefore.insert(event.id) }
                events.append(event)
            }
            endsInHole = event == nil
        }
        isLast = entries.count < limit && !isFull
    }

    /// Adds what was read behind it.
    mutating func append(_ next: EventPage) {
        if endsInHole, let first = next.events.first { holesBefore.insert(first.id) }
        endsInHole = next.endsInHole || (endsInHole && next.events.isEmpty)
        events += next.events
        holesBefore.formUnion(next.holesBefore)
        end = max(end, next.end)
        isLast = next.isLast
    }
}

/// Reads a conversation's events in order: from Redis what it still has, from PostgreSQL what is older.
///
/// Everything that isn't committed is in Redis, and Redis drops only committed events, raising `floor`: so the two together
/// are whole at any time. Confined to its loop.
final class EventReader {
    /// A page ends with the event that reaches so many bytes: a hundred usual ones fit, and of the largest eight.
    static let pageBytes = 512 << 10

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    private let vault: ContentVault?
    private var bounds = ReplayBounds()

    init(redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, vault: ContentVault?) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.vault = vault
    }

    /// Up to `limit` events after `after`, oldest first, and fewer where they are large.
    func events(
        of conversation: UUID, after: EventID, limit: Int, recipients: [UUID] = []
    ) async throws(ReadError) -> EventPage {
        var page = try await keptEvents(of: conversation, after: after, limit: limit, recipients: recipients)
        if let vault { page.events = try await vault.open(page.events, of: conversation) }
        return page
    }

    /// The same as they are kept.
    private func keptEvents(
        of conversation: UUID, after: EventID, limit: Int, bytes: Int = pageBytes, recipients: [UUID]
    ) async throws(ReadError) -> EventPage {
        let partition = partitioning.partition(of: conversation)
        let parts: [RedisReply]
        do {
            let key = Keys.conversation(conversation, partition)
            let reply = try await redis.call(RedisScripts.page, keys: [key]) { command in
                command.add(after.next)
                command.add(Int64(limit))
                command.add(Int64(bytes))
            }
            parts = reply.elements ?? []
        } catch {
            throw .redis(error)
        }
        guard parts.count == 4 else { throw .redis(.unexpectedReply("no page")) }
        let floor = parts[2].integer == nil ? nil : parts[3].eventID
        if let floor, floor <= after {
            return EventPage(
                Self.entries(in: parts[0]), after: after, limit: limit, isFull: parts[1].integer == 1)
        }
        // What has been changed since comes as the change, in its turn: PostgreSQL may not have that yet.
        let changes: [EventID: EventID]
        do {
            changes = Self.changes(
                in: try await redis.call("HGETALL", Keys.changes(conversation, partition)))
        } catch {
            throw .redis(error)
        }
        var page = try await storedEvents(
            of: conversation, after: after, upTo: floor, limit, bytes, changes, recipients)
        guard page.isLast, let floor else { return page }
        page.append(
            try await keptEvents(
                of: conversation, after: floor, limit: max(1, limit - page.events.count),
                bytes: max(1, bytes - page.byteCount), recipients: recipients))
        return page
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
        let now = redis.loop.now
        if let known = bounds.isWithin(after, of: conversation, at: now) { return known }
        do {
            let count = try await postgres.query(
                """
                select count(*) from (
                    select from messages
                    where conversation_id = $1 and last_event_id > $2 and last_event_id <= $3 limit $4) as newer
                """, [.uuid(conversation), .id(after), .id(floor ?? .highest), .integer(Int64(limit) + 1)]
            ).rows.first?.integer(0)
            let isWithin = count ?? 0 <= Int64(limit)
            bounds.note(isWithin, after, of: conversation, at: now)
            return isWithin
        } catch {
            throw .postgres(error)
        }
    }

    private func storedEvents(
        of conversation: UUID, after: EventID, upTo last: EventID?, _ limit: Int, _ bytes: Int,
        _ changes: [EventID: EventID], _ recipients: [UUID]
    ) async throws(ReadError) -> EventPage {
        do {
            let result = try await postgres.query(
                StoredMessage.pageQuery(
                    where: """
                        conversation_id = $1 and last_event_id > $2 and last_event_id <= $3 and duplicate_of is null
                        and not exists (
                            select from unnest($5::bigint[], $6::bigint[]) as change (message, event)
                            where change.message = m.id and change.event > m.last_event_id)
                        """, by: "last_event_id", limit: "$4", bytes: "$7"),
                [
                    .uuid(conversation), .id(after), .id(last ?? .highest), .integer(Int64(limit)),
                    .ids(Array(changes.keys)), .ids(Array(changes.values)), .integer(Int64(bytes)),
                ])
            let entries = result.rows.compactMap { row in
                row.eventID(1).map { ($0, StoredMessage(row, conversation)?.event(recipients: recipients)) }
            }
            return EventPage(
                entries, after: after, limit: limit, isFull: StoredMessage.reaches(bytes, result.rows))
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

    /// The entries in the reply of XRANGE or XREVRANGE, by the ids of their events; nil for what this build can't read.
    static func entries(in reply: RedisReply) -> [(id: EventID, event: Event?)] {
        (reply.elements ?? []).compactMap { entry in
            guard let parts = entry.elements, let name = parts.first?.bytes,
                let id = EventID(name.prefix { $0 != UInt8(ascii: "-") })
            else { return nil }
            guard let fields = parts.last?.elements, fields.count >= 2, let bytes = fields[1].bytes else {
                return (id, nil)
            }
            return (id, Event(bytes))
        }
    }

    /// Those of them that can be read.
    static func events(in reply: RedisReply) -> [Event] { entries(in: reply).compactMap(\.event) }
}
