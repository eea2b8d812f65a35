internal import Shared

/// A page of a conversation's messages, in their newest state.
struct HistoryPage {
    var items: [Event] = []
    /// The lowest and the highest message id on the page.
    var lowest: EventID?
    var highest: EventID?
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
    func page(of conversation: UUID, before: EventID, limit: Int) async throws(ReadError) -> HistoryPage {
        var attempt = 0
        while true {
            attempt += 1
            let demand: Demand = attempt < Self.attempts ? .all : .whatIsThere
            let first = "\(before.previous)-0"
            guard let cache = try await cache(of: conversation, "XREVRANGE", first, "-", count: limit + 1, demand),
                let recent = try await recent(cache, conversation, demand, where: { $0 < before })
            else { continue }
            var messages = recent.sorted { $0.id > $1.id }
            if messages.count <= limit, cache.floor != .zero {
                // With the state gone from Redis PostgreSQL has everything; else it has all up to the floor.
                let ceiling = min(before, cache.floor?.next ?? before)
                guard
                    let older = try await stored(
                        "id < $2 and duplicate_of is null order by id desc limit $3", conversation, ceiling,
                        limit + 1 - messages.count, cache.changes, demand)
                else { continue }
                messages += older
            }
            return try await page(messages, limit, conversation)
        }
    }

    /// Up to `limit` messages with ids above `after`, oldest first.
    func page(of conversation: UUID, after: EventID, limit: Int) async throws(ReadError) -> HistoryPage {
        var attempt = 0
        while true {
            attempt += 1
            let demand: Demand = attempt < Self.attempts ? .all : .whatIsThere
            guard
                let cache = try await cache(
                    of: conversation, "XRANGE", "\(after.next)-0", "+", count: limit + 1, demand),
                var messages = try await recent(cache, conversation, demand, where: { $0 > after })
            else { continue }
            messages.sort { $0.id < $1.id }
            if cache.floor ?? .highest > after {
                guard
                    let older = try await stored(
                        "id > $2 and duplicate_of is null order by id limit $3", conversation, after, limit + 1,
                        cache.changes, demand)
                else { continue }
                let last = older.last?.id ?? after
                messages = older.count > limit ? older : older + messages.filter { $0.id > last }
            }
            return try await page(messages, limit, conversation)
        }
    }

    /// So often somebody may change a message between two looks; then everything is looked at again.
    private static let attempts = 8

    /// What is to be done with a message whose newest state isn't where it should be.
    private enum Demand {
        /// Look at everything again: somebody has changed it meanwhile.
        case all
        /// Leave it out: PostgreSQL was restored from a backup, or has refused the change, and what is there may be what was to be
        /// taken away.
        case whatIsThere
    }

    private struct Message {
        let id: EventID
        let eventID: EventID
        let event: Event
        /// Whether it only holds the place of a message whose newest state is gone.
        var isLost = false

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
        var changes: [EventID: EventID]
        var floor: EventID?
    }

    /// Nil where more was changed meanwhile than was reckoned with.
    private func cache(
        of conversation: UUID, _ command: String, _ first: String, _ last: String, count: Int, _ demand: Demand
    ) async throws(ReadError) -> Cache? {
        let partition = partitioning.partition(of: conversation)
        let changesKey = Keys.changes(conversation, partition)
        do {
            // Edits lie between the messages, so that more has to be read for as many messages.
            let edits = try await redis.call("HLEN", changesKey).count ?? 0
            var wanted = count + edits
            // What an edit has taken out of the events stands among the changes, and what a commit has taken out of either is
            // below the floor: so each is read behind what it makes good.
            var replies: [RedisReply]
            var entries: [(id: EventID, event: Event?)]
            repeat {
                replies = try await redis.pipeline([
                    RedisCommand(command, Keys.events(conversation, partition), first, last, "COUNT", String(wanted)),
                    RedisCommand("HGETALL", changesKey),
                    RedisCommand("HGET", Keys.conversation(conversation, partition), "floor"),
                ])
                entries = EventReader.entries(in: replies[0])
            } while Self.needsMore(entries, count + edits, &wanted)
            let changes = EventReader.changes(in: replies[1])
            guard changes.count <= edits || demand == .whatIsThere else { return nil }
            let events = entries.compactMap(\.event).filter { $0.head.kind == .message }
            return Cache(messages: events.map { Message($0) }, changes: changes, floor: replies[2].eventID)
        } catch {
            throw .redis(error)
        }
    }

    /// Whether a read has to be repeated for more entries: those that this build can't read take the places of messages, and what lies
    /// behind them would be taken to be below the floor.
    static func needsMore(_ entries: [(id: EventID, event: Event?)], _ count: Int, _ wanted: inout Int) -> Bool {
        let unreadable = entries.count { $0.event == nil }
        guard entries.count == wanted, entries.count - unreadable < count else { return false }
        wanted = count + unreadable + count
        return true
    }

    /// The newest states of the messages above the floor; nil where one was changed meanwhile.
    private func recent(
        _ cache: Cache, _ conversation: UUID, _ demand: Demand, where isWanted: (EventID) -> Bool
    ) async throws(ReadError) -> [Message]? {
        let floor = cache.floor ?? .highest
        let changed = cache.changes.filter { $0.key > floor && isWanted($0.key) }
        let states = try await states(changed, conversation)
        guard demand == .whatIsThere || states.count == changed.count else { return nil }
        return cache.messages.filter { $0.id > floor && changed[$0.id] == nil } + states
    }

    /// The states of messages that were changed, as far as they are still there.
    private func states(_ changes: [EventID: EventID], _ conversation: UUID) async throws(ReadError) -> [Message] {
        let key = Keys.events(conversation, partitioning.partition(of: conversation))
        do {
            let replies = try await redis.pipeline(
                changes.values.map { RedisCommand("XRANGE", key, "\($0)-0", "\($0)-0") })
            return replies.flatMap { EventReader.events(in: $0) }.map { Message($0) }
        } catch {
            throw .redis(error)
        }
    }

    /// Messages of PostgreSQL, with the changes that it doesn't have yet; nil where one was changed again.
    private func stored(
        _ condition: String, _ conversation: UUID, _ bound: EventID, _ limit: Int, _ changes: [EventID: EventID],
        _ demand: Demand
    ) async throws(ReadError) -> [Message]? {
        let messages: [Message]
        do {
            let rows = try await postgres.query(
                "select \(StoredMessage.columns) from messages where conversation_id = $1 and \(condition)",
                [.uuid(conversation), .id(bound), .integer(Int64(limit))]
            ).rows
            messages = rows.compactMap { row in
                StoredMessage(row, conversation)?.event(recipients: []).map { Message($0) }
            }
        } catch {
            throw .postgres(error)
        }
        let newer = messages.filter { $0.eventID < changes[$0.id] ?? .zero }.map(\.id)
        guard !newer.isEmpty else { return messages }
        let found = try await states(changes.filter { newer.contains($0.key) }, conversation)
        guard demand == .whatIsThere || found.count == newer.count else { return nil }
        let states = Dictionary(found.map { ($0.id, $0) }) { $1 }
        let lost = Set(newer).subtracting(states.keys)
        return messages.map { message in
            var message = states[message.id] ?? message
            message.isLost = lost.contains(message.id)
            return message
        }
    }

    private func page(
        _ messages: [Message], _ limit: Int, _ conversation: UUID
    ) async throws(ReadError) -> HistoryPage {
        let kept = messages.prefix(limit)
        let ids = kept.map(\.id)
        let events = kept.filter { !$0.isLost }.map(\.event)
        return HistoryPage(
            items: try await vault?.open(events, of: conversation) ?? events, lowest: ids.min(), highest: ids.max(),
            hasMore: messages.count > limit)
    }
}
