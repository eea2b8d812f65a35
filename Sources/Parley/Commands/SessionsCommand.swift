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
            try await SessionDirectory.sessions(of: user, redis).map {
                String(decoding: JSONWriter.bytes(.object($0)), as: UTF8.self)
            }
        }
        for line in lines.sorted() { StandardStreams.write(line + "\n") }
    }
}
