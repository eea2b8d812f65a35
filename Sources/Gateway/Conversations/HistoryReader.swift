internal import Shared

/// Reads pages of history: the newest from Redis, what is older from PostgreSQL.
///
/// Confined to its loop.
struct HistoryReader {
    /// Which messages of a conversation come first, and behind which of them reading begins.
    enum Start {
        /// The newest of those before.
        case before(EventID)
        /// The oldest of those after.
        case after(EventID)

        /// The ids that are in question.
        fileprivate var ids: ClosedRange<EventID> {
            switch self {
            case .before(let id): .zero...id.previous
            case .after(let id): id.next ... .highest
            }
        }

        /// The same direction from another message on.
        fileprivate func moved(to id: EventID) -> Start {
            switch self {
            case .before: .before(id)
            case .after: .after(id)
            }
        }
    }

    typealias Message = HistoryPage.Message

    /// What one look brought.
    struct Part {
        /// In the order of reading.
        var messages: [Message] = []
        /// Up to where everything was read; nil where nothing is beyond.
        var reached: EventID?
    }

    /// What is to be done with a message whose newest state isn't where it should be.
    private enum Demand {
        /// Look at everything again: somebody has changed it meanwhile.
        case all
        /// Leave it out: PostgreSQL was restored from a backup, or has refused the change, and what is there may be
        /// what was to be taken away.
        case whatIsThere
    }

    /// What Redis has of a conversation.
    private struct Cache {
        /// Messages above the floor in their newest state; its end is nil where the cache has no more of them.
        var part: Part
        /// Above it Redis has everything; nil where the state isn't in Redis.
        var floor: EventID?
        /// The last event of each message that was changed, of those below the floor too.
        var changes: [EventID: EventID]
    }

    /// So often somebody may change a message between two looks; then everything is looked at again.
    private static let attempts = 8
    /// So many states are looked up at once: of the largest messages, as many as fill a page.
    private static let statesAtOnce = 16

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

    /// Up to `limit` messages in the order of reading, and fewer where they are large.
    func page(
        of conversation: UUID, _ start: Start, limit: Int
    ) async throws(ReadError) -> (page: HistoryPage, items: [Event]) {
        var page = HistoryPage(limit: limit)
        var next: Start? = start
        while let start = next, !page.hasMore {
            let part = try await part(of: conversation, start, page.wanted)
            page.add(part.messages)
            next = part.reached.map(start.moved)
        }
        return (page, try await vault?.open(page.items, of: conversation) ?? page.items)
    }

    /// The next messages that one of the stores has: so many at most, and no more behind the one that reaches so many
    /// bytes.
    func part(
        of conversation: UUID, _ start: Start, _ wanted: (count: Int, bytes: Int)
    ) async throws(ReadError) -> Part {
        var attempt = 0
        while true {
            attempt += 1
            let cache = try await cache(of: conversation, start, wanted)
            // With the state gone from Redis PostgreSQL has everything; else it has all up to the floor.
            var part = cache.part
            switch start {
            case .before(let id):
                if let floor = cache.floor, id > floor.next || floor == .zero {
                    if floor != .zero { part.reached = part.reached ?? floor.next }
                    return part
                }
            case .after(let id):
                if let floor = cache.floor, floor <= id { return part }
            }
            let demand: Demand = attempt < Self.attempts ? .all : .whatIsThere
            if let part = try await stored(conversation, start, wanted, cache, demand) { return part }
        }
    }

    private func cache(
        of conversation: UUID, _ start: Start, _ wanted: (count: Int, bytes: Int)
    ) async throws(ReadError) -> Cache {
        let key = Keys.conversation(conversation, partitioning.partition(of: conversation))
        let parts: [RedisReply]
        do {
            let reply = try await redis.call(RedisScripts.history, keys: [key]) { command in
                command.add(start.ids.lowerBound)
                command.add(start.ids.upperBound)
                if case .before = start { command.add("newest") } else { command.add("oldest") }
                command.add(Int64(wanted.count))
                command.add(Int64(wanted.bytes))
            }
            parts = reply.elements ?? []
        } catch {
            throw .redis(error)
        }
        guard parts.count == 4 else { throw .redis(.unexpectedReply("no history")) }
        let messages = EventReader.events(in: parts[0]).map { Message($0) }
        return Cache(
            part: Part(messages: messages, reached: parts[1].eventID), floor: parts[2].eventID,
            changes: EventReader.changes(in: parts[3]))
    }

    /// Messages of PostgreSQL up to the floor, with the changes that it doesn't have yet; nil where one was changed
    /// again.
    private func stored(
        _ conversation: UUID, _ start: Start, _ wanted: (count: Int, bytes: Int), _ cache: Cache, _ demand: Demand
    ) async throws(ReadError) -> Part? {
        let order: String
        let end: EventID?
        switch start {
        case .before: (order, end) = ("id desc", nil)
        case .after: (order, end) = ("id", cache.floor)
        }
        let rows: [PostgresRow]
        do {
            rows = try await postgres.query(
                StoredMessage.pageQuery(
                    where: "conversation_id = $1 and id >= $2 and id <= $3 and duplicate_of is null", by: order,
                    limit: "$4", bytes: "$5"),
                [
                    .uuid(conversation), .id(start.ids.lowerBound), .id(end ?? start.ids.upperBound),
                    .integer(Int64(wanted.count)), .integer(Int64(wanted.bytes)),
                ]
            ).rows
        } catch {
            throw .postgres(error)
        }
        let isCut = rows.count >= wanted.count || StoredMessage.reaches(wanted.bytes, rows)
        let messages = rows.compactMap { row in
            StoredMessage(row, conversation)?.event(recipients: []).map { Message($0) }
        }
        guard let newest = try await renewed(messages, conversation, wanted.bytes, cache.changes, demand) else {
            return nil
        }
        if newest.count < messages.count { return Part(messages: newest, reached: newest.last?.id) }
        return Part(messages: newest, reached: isCut ? rows.last?.eventID(0) : end)
    }

    /// Messages of PostgreSQL in their newest states, up to the one that reaches so many bytes; nil where one was
    /// changed again.
    private func renewed(
        _ messages: [Message], _ conversation: UUID, _ bytes: Int, _ changes: [EventID: EventID], _ demand: Demand
    ) async throws(ReadError) -> [Message]? {
        var renewed: [Message] = []
        var byteCount = 0
        for first in stride(from: 0, to: messages.count, by: Self.statesAtOnce) where byteCount < bytes {
            let next = messages[first..<min(first + Self.statesAtOnce, messages.count)]
            let newer = next.filter { $0.eventID < changes[$0.id] ?? .zero }.compactMap { changes[$0.id] }
            let states = newer.isEmpty ? [:] : try await states(newer, conversation)
            guard demand == .whatIsThere || states.count == newer.count else { return nil }
            for stored in next where byteCount < bytes {
                var message = states[stored.id] ?? stored
                message.isLost = states[stored.id] == nil && stored.eventID < changes[stored.id] ?? .zero
                renewed.append(message)
                byteCount += message.byteCount
            }
        }
        return renewed
    }

    /// The states that changes have brought, by their messages, as far as they are still there.
    private func states(_ changes: [EventID], _ conversation: UUID) async throws(ReadError) -> [EventID: Message] {
        let key = Keys.events(conversation, partitioning.partition(of: conversation))
        do {
            let replies = try await redis.pipeline(changes.map { RedisCommand("XRANGE", key, "\($0)-0", "\($0)-0") })
            let found = replies.flatMap { EventReader.events(in: $0) }.map { Message($0) }
            return Dictionary(found.map { ($0.id, $0) }) { $1 }
        } catch {
            throw .redis(error)
        }
    }
}
