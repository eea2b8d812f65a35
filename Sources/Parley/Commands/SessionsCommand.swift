internal import Shared

/// `parley sessions`: the connected sessions of all nodes that are alive, one JSON object per line.
enum SessionsCommand {
    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        var options = options
        let text = options.take("user")
        try options.finish()
        let user = text.flatMap { UUID($0) }
        if text != nil, user == nil { throw .usage("--user must be a UUID") }
        let lines = try RedisClient.run(environment) { redis async throws(RedisError) in
            let nodes = try await redis.call("ZRANGE", Keys.nodes, "0", "-1").elements?.compactMap(\.text) ?? []
            var lines: [String] = []
            for node in nodes where try await redis.call("EXISTS", Keys.node(node)).integer == 1 {
                let entries = try await redis.call("HVALS", Keys.sessions(ofNode: node)).elements ?? []
                lines += entries.compactMap(\.text)
            }
            return lines
        }
        for line in lines.sorted() where user == nil || line.contains(#""user":"\#(user?.description ?? "")""#) {
            StandardStreams.write(line + "\n")
        }
    }
}
