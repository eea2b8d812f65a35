internal import Shared

/// `parley nodes`: the gateways, and whether they are alive, one JSON object per line.
enum NodesCommand {
    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        try options.finish()
        let lines = try RedisClient.run(environment) { redis async throws(RedisError) in
            let nodes = try await redis.call("ZRANGE", Keys.nodes, "0", "-1").elements?.compactMap(\.text) ?? []
            var lines: [String] = []
            for node in nodes {
                let facts = try await redis.call("GET", Keys.node(node)).bytes
                var object = facts.flatMap { try? JSONParser.parse($0).object } ?? JSONObject([("id", .string(node))])
                object["alive"] = .bool(facts != nil)
                lines.append(String(decoding: JSONWriter.bytes(.object(object)), as: UTF8.self))
            }
            return lines
        }
        for line in lines { StandardStreams.write(line + "\n") }
    }
}
