internal import Shared

/// Moves and reads cursors: in Redis a moment later, in PostgreSQL another moment later.
///
/// Confined to its worker's loop.
final class CursorStore {
    enum Move {
        case moved(Cursors.Position)
        case notFound
        case unavailable
    }

    private typealias Moves = CursorMoves<(Move) -> Void>

    /// Moves are gathered for so many milliseconds before Redis hears of them.
    private static let interval: Int64 = 250
    /// So many moves are written by one call.
    private static let batch = 200
    /// So many wait for Redis.
    private static let maximumWaiting = 100_000
    private static let attempts = 4

    private let node: NodeContext
    private let redis: RedisConnection
    /// For reads, in front of which no message waits.
    private let bulk: RedisConnection
    /// What PostgreSQL is told a moment later.
    private let stored: CursorFlush
    private let loader: ConversationLoader
    private let partitioning: Partitioning
    private let loop: EventLoop
    private var moves = Moves(maximum: CursorStore.maximumWaiting)
    /// Calls to Redis that are under way.
    private var writing = 0

    init(
        node: NodeContext, redis: RedisConnection, bulk: RedisConnection, postgres: PostgresPool,
        loader: ConversationLoader, loop: EventLoop
    ) {
        self.node = node
        self.redis = redis
        self.bulk = bulk
        stored = CursorFlush(postgres, on: loop)
        self.loader = loader
        partitioning = node.partitioning
        self.loop = loop
    }

    // MARK: Moving

    /// Moves a user's cursors forward; 0 leaves one where it is.
    func move(_ user: UUID, in conversation: UUID, delivered: EventID, read: EventID) async -> Move {
        await withCheckedContinuation { continuation in
            gather(
                CursorKey(conversation: conversation, user: user), Cursors.Position(delivered: delivered, read: read)
            ) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// Notes that a user has got everything up to a message. Where it can't be written, the next message brings it.
    func noteDelivered(_ message: EventID, to user: UUID, in conversation: UUID) {
        gather(
            CursorKey(conversation: conversation, user: user), Cursors.Position(delivered: message, read: .zero), nil)
    }

    private func gather(_ key: CursorKey, _ position: Cursors.Position, _ waiter: ((Move) -> Void)?) {
        let isFirst = moves.isEmpty
        guard moves.add(key, position, waiter) else {
            waiter?(.unavailable)
            return
        }
        if isFirst { loop.schedule(after: Self.interval) { [weak self] in self?.writeMoves() } }
    }

    /// Writes what was gathered: all moves of a partition by one call.
    private func writeMoves() {
        for (partition, batch) in moves.takeAll(partitioning, size: Self.batch) { write(batch, partition) }
    }

    private func write(_ batch: [Moves.Move], _ partition: Partition) {
        writing += 1
        loop.spawn {
            let reply = try? await self.redis.call(RedisScripts.cursor, keys: [Keys.stream(partition)]) { command in
                command.add(Int64(Cursors.maximumParticipants))
                command.add(self.node.oldestFormat >= CursorNotice.format ? "1" : "0")
                for move in batch {
                    command.add(move.key.conversation.description)
                    command.add(move.key.user.description)
                    command.add(move.position.delivered)
                    command.add(move.position.read)
                }
            }
            self.writing -= 1
            self.settle(batch, reply?.elements ?? [], partition)
        }
    }

    private func settle(_ batch: [Moves.Move], _ reply: [RedisReply], _ partition: Partition) {
        var cold: [UUID: [Moves.Move]] = [:]
        for (place, move) in batch.enumerated() {
            guard reply.count == 3 * batch.count, let code = reply[3 * place].integer,
                let delivered = reply[3 * place + 1].eventID, let read = reply[3 * place + 2].eventID
            else {
                Self.tell(move, .unavailable)
                continue
            }
            let position = Cursors.Position(delivered: delivered, read: read)
            switch code {
            case 0:
                stored.add(position, of: move.key.user, in: move.key.conversation)
                Self.tell(move, .moved(position))
            case 1: Self.tell(move, .moved(position))
            case 3: Self.tell(move, .notFound)
            default: cold[move.key.conversation, default: []].append(move)
            }
        }
        for (conversation, moves) in cold { load(conversation, for: moves, partition) }
    }

    /// Loads a conversation that Redis doesn't have, and writes its moves again.
    private func load(_ conversation: UUID, for moves: [Moves.Move], _ partition: Partition) {
        let again = moves.map { move in
            var move = move
            move.loads += 1
            return move
        }
        guard let loads = again.first?.loads, loads < Self.attempts else {
            return again.forEach { Self.tell($0, .unavailable) }
        }
        loader.load(conversation) { outcome in
            switch outcome {
            case .loaded: self.write(again, partition)
            case .notFound: again.forEach { Self.tell($0, .notFound) }
            case .unavailable: again.forEach { Self.tell($0, .unavailable) }
            }
        }
    }

    private static func tell(_ move: Moves.Move, _ outcome: Move) {
        for waiter in move.waiters { waiter(outcome) }
    }

    // MARK: Reading

    /// The cursors of a conversation where anybody asks for them; of a larger one, and of one that Redis doesn't know, there
    /// are none.
    func cursors(of conversation: UUID) async -> Cursors {
        let key = Keys.cursors(conversation, partitioning.partition(of: conversation))
        let reply = try? await bulk.call(RedisScripts.cursors, keys: [key]) { command in
            command.add(Int64(Cursors.maximumParticipants))
        }
        return reply.map { Cursors($0) } ?? Cursors()
    }

    /// Has Redis and PostgreSQL take what waits, where they can; for the end of a process.
    func flushNow() async {
        writeMoves()
        while writing > 0 { await loop.sleep(milliseconds: 10) }
        await stored.flush()
    }
}
