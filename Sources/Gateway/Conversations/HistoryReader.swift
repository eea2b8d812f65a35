internal import Shared

/// A page of a conversation's messages, in their newest state.
struct HistoryPage {
    /// Each as clients get it.
    var items: [[UInt8]] = []
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

    init(redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
    }

    /// Up to `limit` messages with ids below `before`, newest first.
    func page(
        of conversation: UUID, before: Int64, limit: Int
    ) async throws(ReadError) -> HistoryPage {
        let cached = try await cache(
            of: conversation, "XREVRANGE", "\(max(0, before - 1))-0", "-", count: limit + 1)
        var messages = cached.events.map { Message($0) }
        if messages.count <= limit, cached.floor != 0 {
            // With the state gone from Redis PostgreSQL has everything; else it has all up to the floor.
            let ceiling = min(before, messages.last?.id ?? before, cached.floor.map { $0 + 1 } ?? before)
            messages += try await stored(
                "id < $2 and duplicate_of is null order by id desc limit $3", conversation, ceiling,
                limit + 1 - messages.count)
        }
        return Self.page(messages, limit)
    }

    /// Up to `limit` messages with ids above `after`, oldest first.
    func page(
        of conversation: UUID, after: Int64, limit: Int
    ) async throws(ReadError) -> HistoryPage {
        let cached = try await cache(of: conversation, "XRANGE", "\(after + 1)-0", "+", count: limit + 1)
        let recent = cached.events.map { Message($0) }
        if let floor = cached.floor, floor <= after { return Self.page(recent, limit) }
        var messages = try await stored(
            "id > $2 and duplicate_of is null order by id limit $3", conversation, after, limit + 1)
        let last = messages.last?.id ?? after
        if messages.count <= limit { messages += recent.filter { $0.id > last } }
        return Self.page(messages, limit)
    }

    private struct Message {
        let id: Int64
        let json: [UInt8]

        init(_ event: Event) {
            var json: [UInt8] = []
            event.appendClientJSON(to: &json)
            id = event.id
            self.json = json
        }
    }

    /// Events of the cache, and the floor above which the cache has everything; nil where the state isn't in Redis.
    private func cache(
        of conversation: UUID, _ command: String, _ first: String, _ last: String, count: Int
    ) async throws(ReadError) -> (events: [Event], floor: Int64?) {
        let partition = partitioning.partition(of: conversation)
        do {
            // The floor is read after the events: it only rises, so what it promises to be here was here.
            let replies = try await redis.pipeline([
                RedisCommand(
                    command, Keys.events(conversation, partition), first, last, "COUNT", String(count)),
                RedisCommand("HGET", Keys.conversation(conversation, partition), "floor"),
            ])
            return (EventReader.events(in: replies[0]), replies[1].integer)
        } catch {
            throw .redis(error)
        }
    }

    private func stored(
        _ condition: String, _ conversation: UUID, _ bound: Int64, _ limit: Int
    ) async throws(ReadError) -> [Message] {
        do {
            let rows = try await postgres.query(
                "select \(StoredMessage.columns) from messages where conversation_id = $1 and \(condition)",
                [.uuid(conversation), .integer(bound), .integer(Int64(limit))]
            ).rows
            return rows.compactMap { row in
                StoredMessage(row, conversation)?.event(recipients: []).map { Message($0) }
            }
        } catch {
            throw .postgres(error)
        }
    }

    private static func page(_ messages: [Message], _ limit: Int) -> HistoryPage {
        let kept = messages.prefix(limit)
        let ids = kept.map(\.id)
        return HistoryPage(
            items: kept.map(\.json), lowest: ids.min(), highest: ids.max(), hasMore: messages.count > limit)
    }
}
