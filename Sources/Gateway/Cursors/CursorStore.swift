internal import Shared

/// Moves and reads cursors: in Redis at once, in PostgreSQL a moment later.
///
/// Confined to its worker's loop.
final class CursorStore {
    enum Move {
        case moved(Cursors.Position)
        case notFound
        case unavailable
    }

    private struct Key: Hashable {
        let conversation: UUID
        let user: UUID
    }

    /// Moves are gathered for so many milliseconds before PostgreSQL hears of them.
    private static let flushInterval: Int64 = 250
    /// So many wait while PostgreSQL is away; Redis has those beyond, and the next move of the same user brings them.
    private static let maximumWaiting = 100_000
    private static let attempts = 4

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let loader: ConversationLoader
    private let partitioning: Partitioning
    private let loop: EventLoop
    private var waiting: [Key: Cursors.Position] = [:]
    private var isFlushing = false

    init(
        redis: RedisConnection, postgres: PostgresPool, loader: ConversationLoader, partitioning: Partitioning,
        loop: EventLoop
    ) {
        self.redis = redis
        self.postgres = postgres
        self.loader = loader
        self.partitioning = partitioning
        self.loop = loop
        loop.scheduleRepeating(every: Self.flushInterval) { [weak self] in
            self?.flush()
            return self != nil
        }
    }

    /// Moves a user's cursors forward; 0 leaves one where it is.
    func move(_ user: UUID, in conversation: UUID, delivered: EventID, read: EventID) async -> Move {
        let stream = Keys.stream(partitioning.partition(of: conversation))
        for _ in 0..<Self.attempts {
            let reply: RedisReply
            do {
                reply = try await redis.call(RedisScripts.cursor, keys: [stream]) { command in
                    command.add(conversation.description)
                    command.add(user.description)
                    command.add(delivered)
                    command.add(read)
                    command.add(Int64(Cursors.maximumParticipants))
                }
            } catch {
                return .unavailable
            }
            guard let parts = reply.elements, parts.count == 3, let code = parts[0].integer,
                let delivered = parts[1].eventID, let read = parts[2].eventID
            else { return .unavailable }
            let position = Cursors.Position(delivered: delivered, read: read)
            switch code {
            case 0:
                if waiting.count < Self.maximumWaiting {
                    waiting[Key(conversation: conversation, user: user)] = position
                }
                return .moved(position)
            case 1: return .moved(position)
            case 3: return .notFound
            default:
                switch await loader.load(conversation) {
                case .loaded: continue
                case .notFound: return .notFound
                case .unavailable: return .unavailable
                }
            }
        }
        return .unavailable
    }

    /// The cursors of a conversation; of one that Redis doesn't know all are at the beginning.
    func cursors(of conversation: UUID) async -> Cursors {
        let key = Keys.cursors(conversation, partitioning.partition(of: conversation))
        guard let reply = try? await redis.call("HGETALL", key) else { return Cursors() }
        return Cursors(reply)
    }

    /// The same, loaded from PostgreSQL where Redis doesn't have them.
    func loadedCursors(of conversation: UUID) async throws(ReadError) -> Cursors {
        let key = Keys.cursors(conversation, partitioning.partition(of: conversation))
        for _ in 0..<Self.attempts {
            do {
                let cursors = Cursors(try await redis.call("HGETALL", key))
                if !cursors.positions.isEmpty { return cursors }
            } catch {
                throw .redis(error)
            }
            switch await loader.load(conversation) {
            case .loaded: continue
            case .notFound: return Cursors()
            case .unavailable: throw .postgres(.notConnected)
            }
        }
        throw .postgres(.notConnected)
    }

    private func flush() {
        guard !waiting.isEmpty, !isFlushing else { return }
        isFlushing = true
        let moves = waiting
        waiting = [:]
        loop.spawn {
            let keys = Array(moves.keys)
            do throws(PostgresError) {
                _ = try await self.postgres.query(
                    """
                    update participants p set delivered_id = greatest(p.delivered_id, e.delivered),
                        read_id = greatest(p.read_id, e.read)
                    from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
                        as e (conversation_id, user_id, delivered, read)
                    where p.conversation_id = e.conversation_id and p.user_id = e.user_id
                    """,
                    [
                        .uuids(keys.map(\.conversation)), .uuids(keys.map(\.user)),
                        .ids(keys.map { moves[$0]?.delivered ?? .zero }), .ids(keys.map { moves[$0]?.read ?? .zero }),
                    ])
            } catch {
                // Newer moves of the same user stay in front.
                self.waiting.merge(moves) { newer, _ in newer }
            }
            self.isFlushing = false
        }
    }
}
