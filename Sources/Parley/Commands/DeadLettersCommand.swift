internal import Shared

/// `parley dead-letters`: the entries that PostgreSQL refused for good, and what becomes of them.
///
/// A dead letter's id is its partition's number, a slash, and its id in the partition's dead-letter stream.
enum DeadLettersCommand {
    /// So many letters are read at once.
    private static let page = "500"

    static func run(_ arguments: ArraySlice<String>, _ environment: [String: String]) throws(CommandFailure) {
        switch (arguments.first, arguments.count) {
        case ("list", 1): try list(environment)
        case ("retry", 2): try change(arguments.last ?? "", environment, isRetry: true)
        case ("drop", 2): try change(arguments.last ?? "", environment, isRetry: false)
        default: throw .usage("dead-letters needs list, retry ID or drop ID")
        }
    }

    private static func list(_ environment: [String: String]) throws(CommandFailure) {
        let partitions = try partitioning(environment).partitions
        let lines = try RedisClient.run(environment) { redis async throws(RedisError) in
            var lines: [String] = []
            for partition in partitions {
                var start = "-"
                while true {
                    let letters =
                        try await redis.call(
                            "XRANGE", Keys.deadLetters(partition), start, "+", "COUNT", page
                        ).elements ?? []
                    lines += letters.compactMap { line($0, partition) }
                    guard letters.count == Int(page), let last = letters.last?.elements?.first?.text else { break }
                    start = "(" + last
                }
            }
            return lines
        }
        for line in lines { StandardStreams.write(line + "\n") }
    }

    /// A letter without the message's content.
    private static func line(_ letter: RedisReply, _ partition: Partition) -> String? {
        guard let parts = letter.elements, parts.count == 2, let id = parts[0].text else { return nil }
        let fields = parts[1].elements ?? []
        var object = JSONObject([("id", .string("\(partition.number)/\(id)"))])
        for position in stride(from: 0, to: fields.count - 1, by: 2) {
            switch fields[position].text {
            case "id": object["entry"] = fields[position + 1].text.map { .string($0) }
            case "reason": object["reason"] = fields[position + 1].text.map { .string($0) }
            case "e":
                guard let head = fields[position + 1].bytes.flatMap({ EventHead($0) }) else { continue }
                object["conversation"] = .string(head.conversation.description)
                object["eventId"] = .id(head.eventID)
            default: break
            }
        }
        return String(decoding: JSONWriter.bytes(.object(object)), as: UTF8.self)
    }

    private static func change(
        _ id: String, _ environment: [String: String], isRetry: Bool
    ) throws(CommandFailure) {
        let parts = id.split(separator: "/")
        let partitions = try partitioning(environment).partitions
        guard parts.count == 2, let number = Int(parts[0]), partitions.indices.contains(number) else {
            throw .usage("a dead letter's id is what dead-letters list prints")
        }
        let (partition, letter) = (partitions[number], String(parts[1]))
        let found = try RedisClient.run(environment) { redis async throws(RedisError) in
            let reply =
                isRetry
                ? try await redis.call(RedisScripts.retry, keys: [Keys.stream(partition)]) { $0.add(letter) }
                : try await redis.call("XDEL", Keys.deadLetters(partition), letter)
            return reply.integer == 1 ? [letter] : []
        }
        guard !found.isEmpty else { throw .failed("there is no dead letter \(id)") }
    }

    private static func partitioning(_ environment: [String: String]) throws(CommandFailure) -> Partitioning {
        do {
            return Partitioning(count: try CommonConfig.read(environment: environment).partitions)
        } catch {
            throw .failed(error.description)
        }
    }
}
