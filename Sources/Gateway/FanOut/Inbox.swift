internal import Shared

/// A DIRECT conversation that has something for a user.
struct InboxEntry: Equatable {
    let conversation: UUID
    let lastEvent: EventID
    /// Everything up to here was delivered to one of the user's devices.
    var delivered: EventID
}

/// Which DIRECT conversations of a user have something new, as the accept script notes it in the user's inbox sets.
///
/// Confined to its loop.
final class Inbox {
    /// So many users' inboxes are read at a time.
    private static let atOnce = 64

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    /// The epoch of the index at present; 0 while none may be used.
    private let epoch: () -> Int64
    private let turns = Turns(atOnce: atOnce)

    init(redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, epoch: @escaping () -> Int64) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.epoch = epoch
    }

    /// Conversations whose last event is above an id, and with `undelivered` those, too, of which no device has got all; the
    /// longest quiet first.
    func news(of user: UUID, after id: EventID, undelivered: Bool) async throws(ReadError) -> [InboxEntry] {
        await turns.takeTurn()
        defer { turns.endTurn() }
        let (found, unknown) = try await entries(of: user, after: id, undelivered: undelivered)
        guard !unknown.isEmpty else { return found.sorted { $0.lastEvent < $1.lastEvent } }
        let stored = try await storedPositions(of: user, in: unknown.map(\.conversation))
        let rest = unknown.map { entry in
            InboxEntry(
                conversation: entry.conversation, lastEvent: entry.lastEvent,
                delivered: stored[entry.conversation] ?? .zero)
        }.filter { $0.lastEvent > id || $0.delivered < $0.lastEvent }
        return (found + rest).sorted { $0.lastEvent < $1.lastEvent }
    }

    /// What stands in Redis; `unknown` are those of which it doesn't have the cursors.
    private func entries(
        of user: UUID, after id: EventID, undelivered: Bool
    ) async throws(ReadError) -> (found: [InboxEntry], unknown: [InboxEntry]) {
        var found: [InboxEntry] = []
        var unknown: [InboxEntry] = []
        do throws(RedisError) {
            let index = try await index(of: user)
            var partitions: [Int64] = []
            for partition in partitioning.partitions where index.has(partition.number) {
                partitions.append(Int64(partition.number))
            }
            var used: [Int64] = []
            for (number, reply) in zip(partitions, try await replies(partitions, user, id, undelivered)) {
                let parts = reply.elements ?? []
                if parts.first?.integer == 1 { used.append(number) }
                for place in stride(from: 1, to: parts.count - 2, by: 3) {
                    guard let conversation = parts[place].text.flatMap({ UUID($0) }),
                        let last = parts[place + 1].eventID
                    else { continue }
                    let entry = InboxEntry(
                        conversation: conversation, lastEvent: last, delivered: parts[place + 2].eventID ?? .zero)
                    if parts[place + 2].eventID == nil { unknown.append(entry) } else { found.append(entry) }
                }
            }
            if !index.isWhole { try await makeIndex(of: user, used, behind: index) }
        } catch {
            throw .redis(error)
        }
        return (found, unknown)
    }

    private func replies(
        _ partitions: [Int64], _ user: UUID, _ id: EventID, _ undelivered: Bool
    ) async throws(RedisError) -> [RedisReply] {
        let commands = partitions.map { number in
            var command = RedisScripts.inbox.command(keys: [Keys.stream(partitioning.partitions[Int(number)])])
            command.add(user.description)
            command.add(id)
            command.add(undelivered ? "1" : "0")
            return command
        }
        do throws(RedisError) {
            return try await redis.pipeline(commands)
        } catch {
            guard error.code == "NOSCRIPT" else { throw error }
            _ = try await redis.call(RedisScripts.inbox.loadCommand)
            return try await redis.pipeline(commands)
        }
    }

    /// How far the user has got conversations of which Redis doesn't have the cursors: PostgreSQL has them all.
    private func storedPositions(
        of user: UUID, in conversations: [UUID]
    ) async throws(ReadError) -> [UUID: EventID] {
        do {
            let rows = try await postgres.query(
                """
                select conversation_id, delivered_id from participants
                where user_id = $1 and conversation_id = any($2)
                """, [.uuid(user), .uuids(conversations)]
            ).rows
            let pairs = rows.compactMap { row in row.uuid(0).flatMap { id in row.eventID(1).map { (id, $0) } } }
            return Dictionary(pairs) { $1 }
        } catch {
            throw .postgres(error)
        }
    }

    // MARK: The index

    private func index(of user: UUID) async throws(RedisError) -> InboxIndex {
        let epoch = epoch()
        guard epoch != 0 else { return InboxIndex() }
        let members = try await redis.call("SMEMBERS", Keys.inboxParts(user)).elements ?? []
        return InboxIndex(members.compactMap(\.integer), epoch: epoch)
    }

    /// Notes in which partitions the user has something, and that those are all.
    private func makeIndex(
        of user: UUID, _ partitions: [Int64], behind index: InboxIndex
    ) async throws(RedisError) {
        guard index.epoch != 0 else { return }
        let key = Keys.inboxParts(user)
        var add = RedisCommand.housekeeping("SADD", key)
        for number in partitions { add.add(number) }
        add.add(index.epoch)
        var commands = [add, RedisCommand("EXPIRE", key, String(InboxIndex.lifetime))]
        if !index.older.isEmpty {
            var remove = RedisCommand("SREM", key)
            for epoch in index.older { remove.add(epoch) }
            commands.append(remove)
        }
        do throws(RedisError) {
            _ = try await redis.pipeline(commands)
        } catch {
            // A full Redis takes no index: all partitions are read again the next time.
            guard case .refused = error else { throw error }
        }
    }
}
