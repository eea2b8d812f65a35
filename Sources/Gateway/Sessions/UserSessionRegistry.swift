internal import Shared

/// The sessions of one loop, as Redis shows them to operators and to other nodes.
///
/// A session is alive while its node is: nothing is refreshed per session. Confined to its loop.
final class UserSessionRegistry {
    enum Registration {
        case registered
        case tooMany
        case unavailable
    }

    /// So many sessions are written at once.
    private static let page = 500

    private let node: String
    private let redis: RedisConnection
    private let limit: Int
    private let loop: EventLoop
    /// The sessions of this loop, as they stand in Redis or should.
    private(set) var sessions: [String: Entry] = [:]

    /// Sessions that are gone, but perhaps not from Redis: they are taken out again when it is back.
    private var leaving: [String: UUID] = [:]

    /// What stands in Redis of a session.
    struct Entry {
        let user: UUID
        let json: [UInt8]
    }

    init(node: String, redis: RedisConnection, limit: Int, loop: EventLoop) {
        self.node = node
        self.redis = redis
        self.limit = limit
        self.loop = loop
        redis.onReady { [weak self] in
            guard let self else { return }
            for (id, user) in leaving { sendRemoval(id, user) }
        }
    }

    /// Writes a session into Redis, unless its user has as many as allowed.
    func register(_ session: ClientSession) async -> Registration {
        let entry = Entry(user: session.identity.user, json: Self.json(session, node: node))
        // Before it is asked for: whatever becomes of the answer, what is written belongs to a session that is known.
        sessions[session.id] = entry
        let keys = [Keys.sessions(ofUser: entry.user), Keys.sessions(ofNode: node)]
        let code: Int64?
        do {
            code = try await redis.call(RedisScripts.enter, keys: keys) { command in
                command.add(session.id)
                command.add(node)
                command.add(entry.json)
                command.add(Int64(limit))
            }.integer
        } catch {
            // It may have been written all the same.
            remove(session.id)
            return .unavailable
        }
        if code == 1 { return .registered }
        sessions[session.id] = nil
        return .tooMany
    }

    /// Takes a session out of Redis.
    func unregister(_ session: ClientSession) {
        remove(session.id)
    }

    private func remove(_ id: String) {
        guard let entry = sessions.removeValue(forKey: id) else { return }
        leaving[id] = entry.user
        sendRemoval(id, entry.user)
    }

    private func sendRemoval(_ id: String, _ user: UUID) {
        redis.send(RedisCommand("HDEL", Keys.sessions(ofUser: user), id)) { _ in }
        redis.send(RedisCommand("HDEL", Keys.sessions(ofNode: node), id)) { [weak self] result in
            if case .success = result { self?.leaving[id] = nil }
        }
    }

    /// Writes the sessions again that are named and still there, after Redis or other nodes have forgotten them.
    func write(_ ids: Set<String>) async throws(RedisError) {
        let own = ids.filter { sessions[$0] != nil }.sorted()
        for start in stride(from: 0, to: own.count, by: Self.page) {
            // Those that have gone meanwhile were taken out already.
            let page = own[start..<min(start + Self.page, own.count)]
            let commands = page.flatMap { id in sessions[id].map { Self.commands(id, $0, node: node) } ?? [] }
            _ = try await redis.pipeline(commands)
        }
    }

    private static func commands(_ id: String, _ entry: Entry, node: String) -> [RedisCommand] {
        var command = RedisCommand.housekeeping("HSET", Keys.sessions(ofNode: node), id)
        command.add(entry.json)
        return [command, .housekeeping("HSET", Keys.sessions(ofUser: entry.user), id, node)]
    }

    private static func json(_ session: ClientSession, node: String) -> [UInt8] {
        JSONWriter.bytes(
            .object(
                JSONObject([
                    ("id", .string(session.id)), ("user", .string(session.identity.user.description)),
                    ("node", .string(node)), ("address", .string(session.connection.clientAddress)),
                    ("version", .string(session.version.text)),
                    ("connectedAt", .string(RFC3339.format(milliseconds: session.connectedAt))),
                ])))
    }
}
