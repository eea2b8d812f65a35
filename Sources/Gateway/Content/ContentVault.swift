internal import Shared

/// Seals what is stored of contents, and opens what is read of them.
///
/// Each conversation has a data key, which stands under a master key in PostgreSQL, and as a copy in Redis, so that conversations in use
/// go on while PostgreSQL is away. Confined to its loop.
final class ContentVault {
    /// What a conversation's key is.
    enum Lookup {
        case key(DataKey)
        /// There is no such conversation, or it has no key and none was to be made.
        case notFound
        case unavailable(ReadError)
    }

    /// Those who wait for a key.
    private struct Search {
        /// Whether a key is made where there is none.
        let makes: Bool
        var waiting: [(Lookup) -> Void]
    }

    /// So many keys are remembered.
    private static let capacity = 10_000

    private let ring: MasterKeyRing
    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    /// How long (ms) a copy stays in Redis.
    private let copyLifetime: Int64
    private let log: Logger
    private let unreadable: Counter
    private let loop: EventLoop
    private var keys: [UUID: DataKey] = [:]
    /// The conversations of `keys`, those first that were asked for first.
    private var order = Queue<UUID>()
    private var searches: [UUID: Search] = [:]

    init(
        ring: MasterKeyRing, node: NodeContext, redis: RedisConnection, postgres: PostgresPool, log: Logger,
        loop: EventLoop
    ) {
        self.ring = ring
        self.redis = redis
        self.postgres = postgres
        self.log = log
        self.loop = loop
        partitioning = node.partitioning
        copyLifetime = node.config.common.stateTTL
        unreadable = node.metrics.contentsUnreadable
    }

    /// Finds a conversation's key, or makes one to seal with; `completion` is called now where it is known, and in the order of the
    /// calls.
    func withKey(of conversation: UUID, makes: Bool, _ completion: @escaping (Lookup) -> Void) {
        if let search = searches[conversation] {
            guard makes, !search.makes else {
                searches[conversation]?.waiting.append(completion)
                return
            }
            searches[conversation]?.waiting.append { [self] found in
                guard case .notFound = found else { return completion(found) }
                withKey(of: conversation, makes: true, completion)
            }
        } else if let key = keys[conversation] {
            completion(.key(key))
        } else {
            searches[conversation] = Search(makes: makes, waiting: [completion])
            loop.spawn {
                let found = await self.look(for: conversation, makes: makes)
                if case .key(let key) = found { self.remember(key, of: conversation) }
                for completion in self.searches.removeValue(forKey: conversation)?.waiting ?? [] { completion(found) }
            }
        }
    }

    /// Finds a conversation's key, or makes one to seal with.
    func lookUp(_ conversation: UUID, makes: Bool) async -> Lookup {
        let found: Confined<Lookup> = await withCheckedContinuation { continuation in
            withKey(of: conversation, makes: makes) { continuation.resume(returning: Confined($0)) }
        }
        return found.value
    }

    /// The same events with their contents in clear.
    func open(_ events: [Event], of conversation: UUID) async throws(ReadError) -> [Event] {
        guard events.contains(where: \.isSealed) else { return events }
        let key: DataKey?
        switch await lookUp(conversation, makes: false) {
        case .key(let known): key = known
        case .notFound: key = nil
        case .unavailable(let error): throw error
        }
        return events.map { event in
            let (opened, isWhole) = event.opened(by: key)
            if !isWhole {
                unreadable.increment()
                log.error(
                    "content can't be opened", [.conversation: .uuid(conversation), .eventID: .id(event.id)])
            }
            return opened
        }
    }

    private func remember(_ key: DataKey, of conversation: UUID) {
        if keys.count >= Self.capacity, let oldest = order.popFirst() { keys[oldest] = nil }
        if keys.updateValue(key, forKey: conversation) == nil { order.append(conversation) }
    }

    private func look(for conversation: UUID, makes: Bool) async -> Lookup {
        let copy = Keys.dataKey(conversation, partitioning.partition(of: conversation))
        // A copy under a master key that is gone is none, and without Redis PostgreSQL is asked.
        if let text = (try? await redis.call("GET", copy))?.text, let key = key(text, conversation) { return .key(key) }
        let wrapped: MasterKeyRing.Wrapped
        do throws(PostgresError) {
            guard let stored = try await stored(conversation, makes: makes) else { return .notFound }
            wrapped = stored
        } catch {
            return .unavailable(.postgres(error))
        }
        guard let secret = ring.unwrap(wrapped, for: conversation) else {
            unreadable.increment()
            log.error(
                "data key can't be unwrapped",
                [.conversation: .uuid(conversation), .reason: .string("master key \(wrapped.master)")])
            return .unavailable(.postgres(.unexpectedReply("a data key under the master key \(wrapped.master)")))
        }
        _ = try? await redis.call(
            .housekeeping("SET", copy, "\(wrapped.master) \(wrapped.text)", "PX", String(copyLifetime)))
        return .key(DataKey(secret: secret))
    }

    private func key(_ copy: String, _ conversation: UUID) -> DataKey? {
        let words = copy.split(separator: " ")
        guard words.count == 2 else { return nil }
        return ring.unwrap(.init(master: String(words[0]), text: String(words[1])), for: conversation)
            .map { DataKey(secret: $0) }
    }

    /// What PostgreSQL has. Of two nodes that make one at once the first counts.
    private func stored(_ conversation: UUID, makes: Bool) async throws(PostgresError) -> MasterKeyRing.Wrapped? {
        let select = "select master, wrapped from data_keys where conversation_id = $1"
        if let known = Self.wrapped(try await postgres.query(select, [.uuid(conversation)])) { return known }
        guard makes else { return nil }
        let made = ring.wrap(SecureRandom.bytes(AES256GCM.keyCount), for: conversation)
        _ = try await postgres.query(
            """
            insert into data_keys (conversation_id, master, wrapped) select id, $2, $3 from conversations where id = $1
            on conflict do nothing
            """, [.uuid(conversation), .text(made.master), .text(made.text)])
        return Self.wrapped(try await postgres.query(select, [.uuid(conversation)]))
    }

    private static func wrapped(_ result: PostgresResult) -> MasterKeyRing.Wrapped? {
        guard let row = result.rows.first, let master = row.text(0), let text = row.text(1) else { return nil }
        return .init(master: master, text: text)
    }
}
