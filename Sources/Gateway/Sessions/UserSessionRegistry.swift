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

    private let node: String
    private let redis: RedisConnection
    private let limit: Int
    private let loop: EventLoop
    /// The sessions of this loop, as they stand in Redis or should.
    private(set) var sessions: [String: Entry] = [:]

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
    }

    /// Writes a session into Redis, unless its user has as many as allowed.
    func register(_ session: ClientSession) async -> Registration {
        let entry = Entry(user: session.identity.user, json: Self.json(session, node: node))
        do {
            let others = try await redis.call("HGETALL", Keys.sessions(ofUser: entry.user))
            if others.elements?.count ?? 0 >= 2 * limit, try await countAlive(others, of: entry.user) >= limit {
                return .tooMany
            }
            sessions[session.id] = entry
            _ = try await redis.pipeline(Self.commands(session.id, entry, node: node))
            return .registered
        } catch {
            sessions[session.id] = nil
            return .unavailable
        }
    }

    /// Takes a session out of Redis.
    func unregister(_ session: ClientSession) {
        guard let entry = sessions.removeValue(forKey: session.id) else { return }
        for command in Self.removal(session.id, user: entry.user, node: node) { redis.send(command) { _ in } }
    }

    /// Writes all sessions again, after Redis or other nodes have forgotten them.
    func registerAll() async throws(RedisError) {
        var commands: [RedisCommand] = []
        for (id, entry) in sessions { commands += Self.commands(id, entry, node: node) }
        for start in stride(from: 0, to: commands.count, by: 1_000) {
            _ = try await redis.pipeline(Array(commands[start..<min(start + 1_000, commands.count)]))
        }
    }

    /// Of a user's sessions those whose nodes live; the others are removed.
    private func countAlive(_ reply: RedisReply, of user: UUID) async throws(RedisError) -> Int {
        let texts = (reply.elements ?? []).compactMap(\.text)
        var nodes: [String: [String]] = [:]
        for position in stride(from: 0, to: texts.count - 1, by: 2) {
            nodes[texts[position + 1], default: []].append(texts[position])
        }
        var alive = 0
        for (node, ids) in nodes {
            if try await redis.call("EXISTS", Keys.node(node)).integer == 1 {
                alive += ids.count
            } else {
                for id in ids { _ = try await redis.call("HDEL", Keys.sessions(ofUser: user), id) }
            }
        }
        return alive
    }

    static func removal(_ id: String, user: UUID, node: String) -> [RedisCommand] {
        [
            RedisCommand("HDEL", Keys.sessions(ofNode: node), id),
            RedisCommand("HDEL", Keys.sessions(ofUser: user), id),
        ]
    }

    private static func commands(_ id: String, _ entry: Entry, node: String) -> [RedisCommand] {
        var command = RedisCommand("HSET", Keys.sessions(ofNode: node), id)
        command.add(entry.json)
        return [command, RedisCommand("HSET", Keys.sessions(ofUser: entry.user), id, node)]
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
