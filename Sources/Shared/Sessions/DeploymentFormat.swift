/// Which forms of keys, entries and payloads a process reads, told to the others so that a rolling upgrade loses nothing.
///
/// A build reads its own forms and those of the build before. It writes a new form only while every registered process
/// reads it: until then, and again after a rollback, it writes the old one.
public enum DeploymentFormat {
    /// What this build reads and writes. 1 is the first release, which told no format; since 3 a conversation can be archived for
    /// its age.
    public static let current: Int64 = 3

    /// The field of `node:<id>` and `persister:<id>` that tells it.
    public static let field = "format"

    /// The lowest format among the gateways and persisters that are alive.
    public static func oldest(_ redis: RedisConnection) async throws(RedisError) -> Int64 {
        let names = try await redis.pipeline([
            RedisCommand("ZRANGE", Keys.nodes, "0", "-1"), RedisCommand("ZRANGE", Keys.persisters, "0", "-1"),
        ]).map { $0.elements?.compactMap(\.text) ?? [] }
        let facts = try await redis.pipeline(
            names[0].map { RedisCommand("GET", Keys.node($0)) }
                + names[1].map { RedisCommand("GET", Keys.persister($0)) }
        ).map(\.bytes)
        return oldest(gateways: facts.prefix(names[0].count), persisters: facts.dropFirst(names[0].count))
    }

    /// The same, of the facts that stand in Redis: a gateway without any is dead. A persister is alive while it is listed;
    /// one without facts is of the first release.
    static func oldest(gateways: some Sequence<[UInt8]?>, persisters: some Sequence<[UInt8]?>) -> Int64 {
        let formats = gateways.compactMap { $0 }.map(format) + persisters.map { $0.map(format) ?? 1 }
        return formats.min() ?? current
    }

    private static func format(_ facts: [UInt8]) -> Int64 {
        (try? JSONParser.parse(facts).object?[field]?.integer) ?? 1
    }
}
