internal import Shared

/// `parley nodes`: the gateways, and whether they are alive, one JSON object per line.
enum NodesCommand {
    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        try options.finish()
        let lines = try RedisClient.run(environment) { redis async throws(RedisError) in
            try await SessionDirectory.nodes(redis).map {
                String(decoding: JSONWriter.bytes(.object($0)), as: UTF8.self)
            }
        }
        for line in lines { StandardStreams.write(line + "\n") }
    }
}
