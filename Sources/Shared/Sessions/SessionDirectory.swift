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
        var sessions: [JSONObject] = []
        for name in try await names(redis) where try await redis.call("EXISTS", Keys.node(name)).integer == 1 {
            let entries = try await redis.call("HVALS", Keys.sessions(ofNode: name)).elements ?? []
            for entry in entries {
                guard let session = entry.bytes.flatMap({ try? JSONParser.parse($0).object }),
                    user == nil || session["user"]?.string.flatMap({ UUID($0) }) == user
                else { continue }
                sessions.append(session)
            }
        }
        return sessions
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
