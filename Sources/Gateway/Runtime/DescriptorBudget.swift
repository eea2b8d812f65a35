/// How the descriptors that the process may open are shared out, so that clients never take those by which Redis and
/// PostgreSQL are reached.
struct DescriptorBudget {
    /// The log, the operators' listener, resolving names.
    private static let process = 64
    /// A loop's own: its queue and its wake-up, two listeners, two connections to Redis and up to eight to PostgreSQL.
    private static let loop = 16
    /// What a loop has besides where files are in an S3 store: libcurl's wake-up, finding addresses, requests that
    /// sweep and remove, idle connections, and those by which parts are sent.
    private static let remoteFiles = 32
    /// Of the limit, so many go to one use that can be less where there are few.
    private static let part = 16

    /// The setting.
    let wanted: Int
    /// What the process may open.
    let limit: Int
    /// Connections beyond the maximum, for as long as they are being sent away.
    let turnedAway: Int
    /// Files that are uploaded or downloaded at a time.
    let transfers: Int
    /// The connections that the node takes: as many as wanted, unless the rest would have too little.
    let connections: Int

    init(wanted: Int, limit: Int, loops: Int, hasRemoteFiles: Bool = false) {
        self.wanted = wanted
        self.limit = limit
        turnedAway = max(1, min(256, limit / Self.part))
        transfers = max(1, min(1_024, limit / Self.part))
        let others =
            turnedAway + transfers + Self.process + loops * (Self.loop + (hasRemoteFiles ? Self.remoteFiles : 0))
        connections = max(1, min(wanted, limit - others))
    }
}
