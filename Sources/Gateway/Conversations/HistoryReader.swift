internal import Shared

/// A page of a conversation's messages, in their newest state.
struct HistoryPage {
    var items: [Event] = []
    /// The lowest and the highest message id on the page.
    var lowest: Int64?
    var highest: Int64?
    /// Whether there are messages beyond, in the direction of reading.
    var hasMore = false
}

/// Reads pages of history: the newest from Redis, what is older from PostgreSQL.
///
/// Confined to its loop.
struct HistoryReader {
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

    /// Up to `limit` messages with ids below `before`, newest first.
    func page(of conversation: UUID, before: Int64, limit: Int) async throws(ReadError) -> HistoryPage {
        let cache = try await cache(of: conversation, "XREVRANGE", "\(max(0, before - 1))-0", "-", count: limit + 1)
        let changed = try await states(
            cache.changes.filter { $0.key < before && $0.key > cache.floor ?? .max }, conversation)
        var messages = (cache.messages + changed).sorted { $0.id > $1.id }
        if messages.count <= limit, cache.floor != 0 {
            // With the state gone from Redis PostgreSQL has everything; else it has all up to the floor.
            let ceiling = min(before, cache.floor.map { $0 + 1 } ?? before)
            messages += try await stored(
                "id < $2 and duplicate_of is null order by id desc limit $3", conversation, ceiling,
                limit + 1 - messages.count, cache.changes)
        }
        return try await page(messages, limit, conversation)
    }

    /// Up to `limit` messages with ids above `after`, oldest first.
    func page(of conversation: UUID, after: Int64, limit: Int) async throws(ReadError) -> HistoryPage {
        let cache = try await cache(of: conversation, "XRANGE", "\(after + 1)-0", "+", count: limit + 1)
        let changed = try await states(cache.changes.filter { $0.key > max(after, cache.floor ?? .max) }, conversation)
        let recent = (cache.messages + changed).sorted { $0.id < $1.id }
        if let floor = cache.floor, floor <= after { return try await page(recent, limit, conversation) }
        var messages = try await stored(
            "id > $2 and duplicate_of is null order by id limit $3", conversation, after, limit + 1, cache.changes)
        let last = messages.last?.id ?? after
        if messages.count <= limit { messages += recent.filter { $0.id > last } }
        return try await page(messages, limit, conversation)
    }

    private struct Message {
        let id: Int64
        let eventID: Int64
        let event: Event

        init(_ event: Event) {
            id = event.messageID
            eventID = event.id
            self.event = event
        }
    }

    /// What Redis has of a conversation: messages that weren't changed, the last event of those that were, and the floor above
    /// which Redis has everything; nil where the state isn't in Redis.
    private struct Cache {
        var messages: [Message]
        var changes: [Int64: Int64]
        var floor: Int64?
    }

    private func cache(
        of conversation: UUID, _ command: String, _ first: String, _ last: String, count: Int
    ) async throws(ReadError) -> Cache {
        let partition = partitioning.partition(of: conversation)
        let key = Keys.conversation(conversation, partition)
        do {
            let changes = EventReader.changes(
                in: try await redis.call("HGETALL", Keys.changes(conversation, partition)))
            // Edits lie between the messages, so that more has to be read for as many messages. The floor is read after the
            // events: it only rises, so what it promises to be here was here.
            let replies = try await redis.pipeline([
                RedisCommand(
                    command, Keys.events(conversation, partition), first, last, "COUNT",
                    String(count + changes.count)),
                RedisCommand("HGET", key, "floor"),
            ])
            let events = EventReader.events(in: replies[0]).filter { $0.head.kind == .message }
            return Cache(messages: events.map { Message($0) }, changes: changes, floor: replies[1].integer)
        } catch {
            throw .redis(error)
        }
    }

    /// The states of messages that were changed, as far as Redis has them.
    private func states(
        _ changes: [Int64: Int64], _ conversation: UUID
    ) async throws(ReadError) -> [Message] {
        let key = Keys.events(conversation, partitioning.partition(of: conversation))
        do {
            let replies = try await redis.pipeline(
                changes.values.map { RedisCommand("XRANGE", key, "\($0)-0", "\($0)-0") })
            return replies.flatMap { EventReader.events(in: $0) }.map { Message($0) }
        } catch {
            throw .redis(error)
        }
    }

    /// Messages of PostgreSQL, with the changes that it doesn't have yet.
    private func stored(
        _ condition: String, _ conversation: UUID, _ bound: Int64, _ limit: Int, _ changes: [Int64: Int64]
    ) async throws(ReadError) -> [Message] {
        let messages: [Message]
        do {
            let rows = try await postgres.query(
                "select \(StoredMessage.columns) from messages where conversation_id = $1 and \(condition)",
                [.uuid(conversation), .integer(bound), .integer(Int64(limit))]
            ).rows
            messages = rows.compactMap { row in
                StoredMessage(row, conversation)?.event(recipients: []).map { Message($0) }
            }
        } catch {
            throw .postgres(error)
        }
        let newer = messages.filter { $0.eventID < changes[$0.id] ?? 0 }.map(\.id)
        guard !newer.isEmpty else { return messages }
        var states: [Int64: Message] = [:]
        for state in try await self.states(changes.filter { newer.contains($0.key) }, conversation) {
            states[state.id] = state
        }
        return messages.map { states[$0.id] ?? $0 }
    }

    private func page(
        _ messages: [Message], _ limit: Int, _ conversation: UUID
    ) async throws(ReadError) -> HistoryPage {
        let kept = messages.prefix(limit)
        let ids = kept.map(\.id)
        let events = kept.map(\.event)
        return HistoryPage(
            items: try await vault?.open(events, of: conversation) ?? events, lowest: ids.min(), highest: ids.max(),
            hasMore: messages.count > limit)
    }
}
