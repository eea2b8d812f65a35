internal import Shared

/// Who may read a conversation: asked of Redis, which loads it from PostgreSQL where it has to.
///
/// Confined to its loop.
final class Membership {
    enum Answer: Sendable, Equatable {
        /// `head` is the conversation's last event id, `size` how many members it has.
        case member(role: String, version: Int64, head: EventID, size: Int)
        /// There is such a conversation, but the user isn't in it. Clients are told the same as for `notFound`.
        case notMember
        case notFound
        case unavailable(String)
    }

    /// A load can be overtaken by changes; after so many the caller is asked to try later.
    private static let attempts = 4
    /// Fields of the hash that are no members, but for the format that some have.
    private static let facts = 3

    private let redis: RedisConnection
    /// The connection for reads that may be long.
    let bulk: RedisConnection
    private let loader: ConversationLoader
    private let partitioning: Partitioning

    init(redis: RedisConnection, bulk: RedisConnection, loader: ConversationLoader, partitioning: Partitioning) {
        self.redis = redis
        self.bulk = bulk
        self.loader = loader
        self.partitioning = partitioning
    }

    func check(_ user: UUID, in conversation: UUID) async -> Answer {
        let partition = partitioning.partition(of: conversation)
        for _ in 0..<Self.attempts {
            let replies: [RedisReply]
            do {
                replies = try await redis.pipeline([
                    RedisCommand("HMGET", Keys.members(conversation, partition), "v", user.description, "f"),
                    RedisCommand("HGET", Keys.conversation(conversation, partition), "last"),
                    RedisCommand("HLEN", Keys.members(conversation, partition)),
                ])
            } catch {
                return .unavailable(error.description)
            }
            if let found = replies[0].elements, found.count == 3, let version = found[0].integer,
                let head = replies[1].eventID
            {
                guard let role = found[1].text else { return .notMember }
                let facts = found[2] == .null ? Self.facts : Self.facts + 1
                return .member(role: role, version: version, head: head, size: (replies[2].count ?? 0) - facts)
            }
            switch await loader.load(conversation) {
            case .loaded: continue
            case .notFound: return .notFound
            case .unavailable(let reason): return .unavailable(reason)
            }
        }
        return .unavailable("the conversation is changing")
    }

    /// What is known of a conversation's last event; `recipients` are the two of a DIRECT one.
    enum Head: Sendable, Equatable {
        case known(EventID, version: Int64, recipients: [UUID])
        case notFound
        case unavailable(String)
    }

    /// The heads of conversations of one partition in one call, in their order; nil for one that Redis doesn't have.
    func heads(of conversations: [UUID], in partition: Partition) async throws(RedisError) -> [Head?] {
        let reply = try await bulk.call(RedisScripts.heads, keys: [Keys.stream(partition)]) { command in
            for conversation in conversations { command.add(conversation.description) }
        }
        guard let facts = reply.elements, facts.count == 3 * conversations.count else {
            throw .unexpectedReply("heads of other conversations")
        }
        return conversations.indices.map { place in
            guard let head = facts[3 * place].eventID, let version = facts[3 * place + 1].integer else { return nil }
            return .known(head, version: version, recipients: Self.recipients(facts[3 * place + 2]))
        }
    }

    private static func recipients(_ reply: RedisReply) -> [UUID] {
        reply.text?.split(separator: ",").compactMap { UUID($0) } ?? []
    }

    /// The conversation's last event id, without regard to who asks; loads it where Redis doesn't have it.
    func head(of conversation: UUID) async -> Head {
        let partition = partitioning.partition(of: conversation)
        for _ in 0..<Self.attempts {
            do {
                if let known = try await heads(of: [conversation], in: partition)[0] { return known }
            } catch {
                return .unavailable(error.description)
            }
            switch await loader.load(conversation) {
            case .loaded: continue
            case .notFound: return .notFound
            case .unavailable(let reason): return .unavailable(reason)
            }
        }
        return .unavailable("the conversation is changing")
    }

    /// Who is in a conversation.
    enum Members: Sendable {
        case known(Set<UUID>, version: Int64)
        case notFound
        case unavailable(String)
    }

    /// All members of a conversation.
    func members(of conversation: UUID) async -> Members {
        let partition = partitioning.partition(of: conversation)
        for _ in 0..<Self.attempts {
            do {
                let fields = try await redis.call("HGETALL", Keys.members(conversation, partition)).elements ?? []
                let names = stride(from: 0, to: fields.count - 1, by: 2).map { (fields[$0], fields[$0 + 1]) }
                if let version = names.first(where: { $0.0.text == "v" })?.1.integer {
                    return .known(Set(names.compactMap { $0.0.text.flatMap { UUID($0) } }), version: version)
                }
            } catch {
                return .unavailable(error.description)
            }
            switch await loader.load(conversation) {
            case .loaded: continue
            case .notFound: return .notFound
            case .unavailable(let reason): return .unavailable(reason)
            }
        }
        return .unavailable("the conversation is changing")
    }
}
