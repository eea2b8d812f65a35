internal import Shared

/// How a node mends what Redis has of its sessions.
extension NodeRegistry {
    private static let page = 1_000

    /// Compares what Redis has with the sessions that there are, where it is time for that; false where what is missing
    /// can't be written.
    func compare() async throws(RedisError) -> Bool {
        let stored = try await redis.call("HLEN", Keys.sessions(ofNode: node.id)).integer ?? 0
        let own = await sessions.ids()
        guard check.compares(stored: Int(clamping: stored), own: own.count) else { return true }
        // Redis first: what is there and isn't here afterwards is gone, whatever has come or gone meanwhile.
        let known = Set(
            try await redis.call("HKEYS", Keys.sessions(ofNode: node.id)).elements?.compactMap(\.text) ?? [])
        let present = await sessions.ids()
        try await remove(known.subtracting(present))
        let missing = present.subtracting(known)
        if !missing.isEmpty {
            guard await sessions.write(missing) else { return false }
        }
        check.compared()
        let count = missing.count + known.subtracting(present).count
        if count > 0 { log.info("sessions compared", [.count: .number(count)]) }
        return true
    }

    /// Removes entries whose sessions are gone.
    private func remove(_ ids: Set<String>) async throws(RedisError) {
        let all = Array(ids)
        for start in stride(from: 0, to: all.count, by: Self.page) {
            let page = all[start..<min(start + Self.page, all.count)]
            let entries = try await redis.pipeline(
                page.map { RedisCommand("HGET", Keys.sessions(ofNode: node.id), $0) })
            var commands: [RedisCommand] = []
            for (id, entry) in zip(page, entries) {
                commands.append(RedisCommand("HDEL", Keys.sessions(ofNode: node.id), id))
                guard let json = entry.bytes,
                    let user = try? JSONParser.parse(json).object?["user"]?.string.flatMap({ UUID($0) })
                else { continue }
                commands.append(RedisCommand("HDEL", Keys.sessions(ofUser: user), id))
            }
            _ = try await redis.pipeline(commands)
        }
    }
}
