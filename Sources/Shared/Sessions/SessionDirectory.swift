/// What Redis tells operators of nodes and sessions.
public enum SessionDirectory {
    /// The gateways, alive or not, each with what it last told of itself and `alive`.
    public static func nodes(_ redis: RedisConnection) async throws(RedisError) -> [JSONObject] {
        var nodes: [JSONObject] = []
        for name in try await names(redis) {
            let facts = try await redis.call("GET", Keys.node(name)).bytes
            var object = facts.flatMap { try? JSONParser.parse($0).object } ?? JSONObject([("id", .string(name))])
            object["alive"] = .bool(facts != nil)
            nodes.append(object)
        }
        return nodes
    }

    /// The sessions of all nodes that are alive, of one user where one is given.
    public static func sessions(of user: UUID?, _ redis: RedisConnection) async throws(RedisError) -> [JSONObject] {
        if let user { return try await sessions(ofUser: user, redis) }
        var sessions: [JSONObject] = []
        for name in try await names(redis) where try await redis.call("EXISTS", Keys.node(name)).integer == 1 {
            let entries = try await redis.call("HVALS", Keys.sessions(ofNode: name)).elements ?? []
            sessions += entries.compactMap { entry in entry.bytes.flatMap { try? JSONParser.parse($0).object } }
        }
        return sessions
    }

    /// Those that the user's own list names: nothing of others is read.
    private static func sessions(ofUser user: UUID, _ redis: RedisConnection) async throws(RedisError) -> [JSONObject] {
        let texts = try await redis.call("HGETALL", Keys.sessions(ofUser: user)).elements?.compactMap(\.text) ?? []
        var commands: [RedisCommand] = []
        for place in stride(from: 0, to: texts.count - 1, by: 2) {
            commands.append(RedisCommand("EXISTS", Keys.node(texts[place + 1])))
            commands.append(RedisCommand("HGET", Keys.sessions(ofNode: texts[place + 1]), texts[place]))
        }
        let replies = try await redis.pipeline(commands)
        return stride(from: 0, to: replies.count - 1, by: 2).compactMap { place in
            guard replies[place].integer == 1 else { return nil }
            return replies[place + 1].bytes.flatMap { try? JSONParser.parse($0).object }
        }
    }

    /// Whether a node that is alive has a session.
    public static func has(session id: String, _ redis: RedisConnection) async throws(RedisError) -> Bool {
        for name in try await names(redis) where try await redis.call("EXISTS", Keys.node(name)).integer == 1 {
            if try await redis.call("HEXISTS", Keys.sessions(ofNode: name), id).integer == 1 { return true }
        }
        return false
    }

    private static func names(_ redis: RedisConnection) async throws(RedisError) -> [String] {
        try await redis.call("ZRANGE", Keys.nodes, "0", "-1").elements?.compactMap(\.text) ?? []
    }
}
