/// How much memory Redis uses, and how much it may.
public struct RedisMemory: Equatable, Sendable {
    /// Bytes in use.
    public let used: Int64
    /// Bytes that it may use: its `maxmemory`, or the machine's memory where that isn't set; 0 where neither is told.
    public let limit: Int64

    /// So many bytes of so many.
    public init(used: Int64, limit: Int64) {
        self.used = used
        self.limit = limit
    }

    /// Reads the section `memory` of INFO; nil where it is something else.
    public init?(info: String) {
        let info = RedisInfo(info)
        func bytes(_ name: String) -> Int64? { info[name].flatMap { Int64($0) } }
        guard let used = bytes("used_memory") else { return nil }
        let own = bytes("maxmemory") ?? 0
        self.init(used: used, limit: own > 0 ? own : bytes("total_system_memory") ?? 0)
    }

    /// Whether so little is left that no more messages should be accepted: a twentieth, which what has to go on then needs
    /// (heartbeats, sessions, revocations, changes of members, commits).
    public var isShort: Bool { limit > 0 && used > limit - limit / 20 }
}
