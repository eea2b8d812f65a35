/// A Lua script, called by its digest and loaded when Redis doesn't have it.
public struct RedisScript: Sendable {
    /// The script's text.
    public let source: [UInt8]
    /// The SHA-1 of the text in hexadecimal, which is its name in Redis.
    public let digest: String

    /// Makes a script from its text.
    public init(_ source: [UInt8]) {
        self.source = source
        digest = Hex.encode(SHA1.digest(source))
    }

    /// The command that calls the script; the caller adds the arguments behind the keys.
    public func command(keys: [String]) -> RedisCommand {
        var command = RedisCommand("EVALSHA", digest, String(keys.count))
        for key in keys { command.add(key) }
        return command
    }

    /// The command that loads the script.
    public var loadCommand: RedisCommand {
        var command = RedisCommand("SCRIPT", "LOAD")
        command.add(source)
        return command
    }
}

extension RedisConnection {
    /// Calls a script and waits for its reply; loads it first where Redis doesn't have it.
    public func call(
        _ script: RedisScript, keys: [String], _ addArguments: (inout RedisCommand) -> Void
    ) async throws(RedisError) -> RedisReply {
        var command = script.command(keys: keys)
        addArguments(&command)
        do throws(RedisError) {
            return try await call(command)
        } catch {
            guard error.code == "NOSCRIPT" else { throw error }
            _ = try await call(script.loadCommand)
            return try await call(command)
        }
    }

    /// Calls a script several times at once and waits for what becomes of each call; loads it first where Redis
    /// doesn't have it. All calls go to the same server: those left when the connection has ended fail.
    public func results(of script: RedisScript, _ calls: [RedisCommand]) async -> [Result<RedisReply, RedisError>] {
        let begun = generation
        var results = await results(of: calls)
        let unknown = results.indices.filter { place in
            if case .failure(let error) = results[place] { error.code == "NOSCRIPT" } else { false }
        }
        guard !unknown.isEmpty, (try? await call(script.loadCommand)) != nil, generation == begun else {
            return results
        }
        for (place, result) in zip(unknown, await self.results(of: unknown.map { calls[$0] })) {
            results[place] = result
        }
        return results
    }
}
