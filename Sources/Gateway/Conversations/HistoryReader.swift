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
        for _ in 0..<Self.attempts {
            let first = "\(max(0, before - 1))-0"
            guard let cache = try await cache(of: conversation, "XREVRANGE", first, "-", count: limit + 1),
                let recent = try await recent(cache, conversation, where: { $0 < before })
            else { continue }
            var messages = recent.sorted { $0.id > $1.id }
            if messages.count <= limit, cache.floor != 0 {
                // With the state gone from Redis PostgreSQL has everything; else it has all up to the floor.
                let ceiling = min(before, cache.floor.map { $0 + 1 } ?? before)
                guard
                    let older = try await stored(
                        "id < $2 and duplicate_of is null order by id desc limit $3", conversation, ceiling,
                        limit + 1 - messages.count, cache.changes)
                else { continue }
                messages += older
            }
            return try await page(messages, limit, conversation)
        }
        throw Self.overtaken
    }

    /// Up to `limit` messages with ids above `after`, oldest first.
    func page(of conversation: UUID, after: Int64, limit: Int) async throws(ReadError) -> HistoryPage {
        for _ in 0..<Self.attempts {
            guard
                let cache = try await cache(of: conversation, "XRANGE", "\(after + 1)-0", "+", count: limit + 1),
                var messages = try await recent(cache, conversation, where: { $0 > after })
            else { continue }
            messages.sort { $0.id < $1.id }
            if cache.floor ?? .max > after {
                guard
                    let older = try await stored(
                        "id > $2 and duplicate_of is null order by id limit $3", conversation, after, limit + 1,
                        cache.changes)
                else { continue }
                let last = older.last?.id ?? after
                messages = older.count > limit ? older : older + messages.filter { $0.id > last }
            }
            return try await page(messages, limit, conversation)
        }
        throw Self.overtaken
    }

    /// So often somebody may change a message between two looks; then everything is looked at again.
    private static let attempts = 8
    private static let overtaken = ReadError.redis(.unexpectedReply("messages change faster than they are read"))

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

    /// What Redis has of a conversation: messages as they were written, the last event of those that were changed, and the floor
    /// above which Redis has everything; nil where the state isn't in Redis.
    private struct Cache {
        var messages: [Message]
        var changes: [Int64: Int64]
        var floor: Int64?
    }

    /// Nil where more was changed meanwhile than was reckoned with.
    private func cache(
        of conversation: UUID, _ command: String, _ first: String, _ last: String, count: Int
    ) async throws(ReadError) -> Cache? {
        let partition = partitioning.partition(of: conversation)
        let changesKey = Keys.changes(conversation, partition)
        do {
            // Edits lie between the messages, so that more has to be read for as many messages.
            let edits = Int(try await redis.call("HLEN", changesKey).integer ?? 0)
            // What an edit has taken out of the events stands among the changes, and what a commit has taken out of either is
            // below the floor: so each is read behind what it makes good.
            let replies = try await redis.pipeline([
                RedisCommand(
                    command, Keys.events(conversation, partition), first, last, "COUNT", String(count + edits)),
                RedisCommand("HGETALL", changesKey),
                RedisCommand("HGET", Keys.conversation(conversation, partition), "floor"),
            ])
            let changes = EventReader.changes(in: replies[1])
            guard changes.count <= edits else { return nil }
            let events = EventReader.events(in: replies[0]).filter { $0.head.kind == .message }
            return Cache(messages: events.map { Message($0) }, changes: changes, floor: replies[2].integer)
        } catch {
            throw .redis(error)
        }
    }

    /// The newest states of the messages above the floor; nil where one was changed meanwhile.
    private func recent(
        _ cache: Cache, _ conversation: UUID, where isWanted: (Int64) -> Bool
    ) async throws(ReadError) -> [Message]? {
        let floor = cache.floor ?? .max
        let changed = cache.changes.filter { $0.key > floor && isWanted($0.key) }
        guard let states = try await states(changed, conversation) else { return nil }
        return cache.messages.filter { $0.id > floor && changed[$0.id] == nil } + states
    }

    /// The states of messages that were changed; nil where one was changed again.
    private func states(_ changes: [Int64: Int64], _ conversation: UUID) async throws(ReadError) -> [Message]? {
        let key = Keys.events(conversation, partitioning.partition(of: conversation))
        do {
            let replies = try await redis.pipeline(
                changes.values.map { RedisCommand("XRANGE", key, "\($0)-0", "\($0)-0") })
            let states = replies.flatMap { EventReader.events(in: $0) }.map { Message($0) }
            return states.count == changes.count ? states : nil
        } catch {
            throw .redis(error)
        }
    }

    /// Messages of PostgreSQL, with the changes that it doesn't have yet; nil where one was changed again.
    private func stored(
        _ condition: String, _ conversation: UUID, _ bound: Int64, _ limit: Int, _ changes: [Int64: Int64]
    ) async throws(ReadError) -> [Message]? {
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
        guard let found = try await states(changes.filter { newer.contains($0.key) }, conversation) else { return nil }
        let states = Dictionary(found.map { ($0.id, $0) }) { $1 }
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
