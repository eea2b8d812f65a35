/// What Redis has to be set to so that an acknowledged message is on disk and stays there.
public enum RedisDurability {
    /// The settings that are looked at.
    static let settings = [
        "appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy", "maxmemory",
    ]

    /// A sentence for each promise that these settings don't keep; a setting that isn't there is unknown.
    static func problems(_ found: [String: String]) -> [String] {
        var problems: [String] = []
        func expect(_ setting: String, _ wanted: String, _ loss: String) {
            let value = found[setting] ?? "unknown"
            if value != wanted { problems.append("\(setting) is \(value), not \(wanted): \(loss)") }
        }
        expect("appendonly", "yes", "a restart of Redis loses acknowledged messages")
        expect(
            "appendfsync", "always",
            "a crash of Redis' machine loses the acknowledged messages of the last second or more")
        expect(
            "no-appendfsync-on-rewrite", "no",
            "while Redis rewrites its log, a crash of its machine loses what was acknowledged since that began")
        expect("maxmemory-policy", "noeviction", "Redis may drop acknowledged messages when its memory is full")
        if found["maxmemory"] == "0" {
            problems.append(
                "maxmemory is 0, no bound: the kernel ends Redis when the machine's memory is full, and nobody is asked "
                    + "to try later before that")
        }
        return problems
    }

    /// The same of a Redis. Where it doesn't tell, as managed ones don't, and users without the right, that is the problem.
    public static func problems(_ redis: RedisConnection) async throws(RedisError) -> [String] {
        do throws(RedisError) {
            let replies = try await redis.pipeline(settings.map { RedisCommand("CONFIG", "GET", $0) })
            var found: [String: String] = [:]
            for (setting, reply) in zip(settings, replies) { found[setting] = reply.elements?.last?.text }
            return problems(found)
        } catch {
            // Any other refusal passes: it is loading, or busy.
            guard error.code == "NOPERM" || error.code == "ERR" else { throw error }
            return ["its settings can't be read, so that nobody knows what a crash loses: \(error)"]
        }
    }

    /// Calls `report` with the problems now, and with those of each Redis that is connected to from then on, if others than
    /// before: it may be another one.
    public static func watch(
        _ redis: RedisConnection, on loop: EventLoop, _ report: @escaping ([String]) -> Void
    ) async throws(RedisError) {
        var known = try await problems(redis)
        report(known)
        redis.onReady { [weak redis] in
            guard let redis else { return }
            loop.spawn {
                guard let found = try? await problems(redis), found != known else { return }
                known = found
                report(found)
            }
        }
    }
}
