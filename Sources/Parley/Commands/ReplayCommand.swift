internal import Shared

/// `parley replay`: lets the persisters write again what Redis still keeps, for a PostgreSQL that has lost it.
enum ReplayCommand {
    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        var options = options
        guard let text = options.take("since"), let since = moment(text) else {
            throw .usage("replay needs --since with a duration like 10m or a time like 2026-01-31T12:00:00Z")
        }
        try options.finish()
        let partitions = try partitioning(environment).partitions
        // Everything from this moment on, so behind the last id before it.
        let position = "\(max(0, since - 1))-\(UInt64.max)"
        let lines = try RedisClient.run(environment) { redis async throws(RedisError) in
            var lines: [String] = []
            for partition in partitions {
                let reply = try await redis.call(RedisScripts.replay, keys: [Keys.stream(partition)]) { command in
                    command.add("")
                    command.add(position)
                }
                if let line = line(reply, partition, since) { lines.append(line) }
            }
            return lines
        }
        for line in lines { StandardStreams.write(line + "\n") }
    }

    /// Milliseconds since the Unix epoch.
    private static func moment(_ text: String) -> Int64? {
        if let ago = DurationText.parse(text) { return WallClock.nowMilliseconds() - ago }
        return RFC3339.parse(text)
    }

    /// A partition that went back; `complete` is whether Redis has kept everything since then.
    private static func line(_ reply: RedisReply, _ partition: Partition, _ since: Int64) -> String? {
        let ids = (reply.elements ?? []).compactMap(\.text)
        guard ids.count == 3, ids[0] != ids[1] else { return nil }
        let trimmed = ids[2].split(separator: "-").first.flatMap { Int64($0) } ?? 0
        let object = JSONObject([
            ("partition", .integer(Int64(partition.number))), ("from", .string(ids[1])), ("to", .string(ids[0])),
            ("complete", .bool(trimmed < since)),
        ])
        return String(decoding: JSONWriter.bytes(.object(object)), as: UTF8.self)
    }

    private static func partitioning(_ environment: [String: String]) throws(CommandFailure) -> Partitioning {
        do {
            return Partitioning(count: try CommonConfig.read(environment: environment).partitions)
        } catch {
            throw .failed(error.description)
        }
    }
}
