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
    /// Fields of the hash that are no members.
    private static let facts = 3

    private let redis: RedisConnection
    private let loader: ConversationLoader
    private let partitioning: Partitioning

    init(redis: RedisConnection, loader: ConversationLoader, partitioning: Partitioning) {
        self.redis = redis
        self.loader = loader
        self.partitioning = partitioning
    }

    func check(_ user: UUID, in conversation: UUID) async -> Answer {
        let partition = partitioning.partition(of: conversation)
        for _ in 0..<Self.attempts {
            let replies: [RedisReply]
            do {
                replies = try await redis.pipeline([
                    RedisCommand("HMGET", Keys.members(conversation, partition), "v", user.description),
                    RedisCommand("HGET", Keys.conversation(conversation, partition), "last"),
                    RedisCommand("HLEN", Keys.members(conversation, partition)),
                ])
            } catch {
                return .unavailable(error.description)
            }
            if let version = replies[0].elements?.first?.integer, let head = replies[1].eventID {
                guard let role = replies[0].elements?.last?.text else { return .notMember }
                let fields = replies[2].count ?? 0
                return .member(role: role, version: version, head: head, size: fields - Self.facts)
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

    /// The conversation's last event id, without regard to who asks.
    func head(of conversation: UUID) async -> Head {
        let partition = partitioning.partition(of: conversation)
        for _ in 0..<Self.attempts {
            do {
                let replies = try await redis.pipeline([
                    RedisCommand("HGET", Keys.conversation(conversation, partition), "last"),
                    RedisCommand("HMGET", Keys.members(conversation, partition), "v", "r"),
                ])
                if let head = replies[0].eventID, let members = replies[1].elements, let version = members[0].integer {
                    let recipients = members[1].text?.split(separator: ",").compactMap { UUID($0) } ?? []
                    return .known(head, version: version, recipients: recipients)
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
