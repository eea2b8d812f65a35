/// How the descriptors that the process may open are shared out, so that clients never take those by which Redis and
/// PostgreSQL are reached.
struct DescriptorBudget {
    /// Connections beyond the maximum, for as long as they are being sent away.
    static let turnedAway = 256
    /// The log, the operators' listener, resolving names, files that are open at a time.
    private static let process = 64
    /// A loop's own: its queue and its wake-up, two listeners, two connections to Redis and up to eight to PostgreSQL.
    private static let loop = 16

    /// The setting.
    let wanted: Int
    /// What the process may open.
    let limit: Int
    /// The connections that the node takes: as many as wanted, unless the rest would have too little.
    let connections: Int

    init(wanted: Int, limit: Int, loops: Int) {
        self.wanted = wanted
        self.limit = limit
        connections = max(1, min(wanted, limit - Self.turnedAway - Self.process - loops * Self.loop))
    }
}
