/// Where a Redis server is and how to sign in.
public struct RedisEndpoint: Sendable, Equatable {
    /// A name or an address.
    public var host: String
    /// The port, 6379 by default.
    public var port: UInt16
    /// The ACL user; nil for the default one.
    public var user: String?
    /// The password; nil when none is needed.
    public var password: String?
    /// The number of the database.
    public var database: Int
    /// Whether the connection is TLS.
    public var isSecure: Bool
    /// The PEM file with the certificates to trust; nil for those that the system trusts.
    public var authoritiesFile: String?

    /// Reads `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS; nil when it is something else. In
    /// user and password `%` begins an escape, as in every URL.
    public init?(url: String, authoritiesFile: String? = nil) {
        guard let scheme = ["redis://", "rediss://"].first(where: { url.hasPrefix($0) }) else { return nil }
        isSecure = scheme == "rediss://"
        self.authoritiesFile = authoritiesFile
        var rest = url.dropFirst(scheme.count)
        user = nil
        password = nil
        database = 0
        port = 6379
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let names = parts.compactMap { PercentEncoding.decode($0) }
            guard names.count == parts.count else { return nil }
            if let first = names.first, !first.isEmpty { user = first }
            if names.count == 2 { password = names[1] }
            rest = rest[rest.index(after: at)...]
        }
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            guard path.isEmpty || Int(path) != nil else { return nil }
            database = Int(path) ?? 0
            rest = rest[..<slash]
        }
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
        } else {
            host = String(rest.prefix { $0 != ":" })
            rest = rest.drop { $0 != ":" }
        }
        if !rest.isEmpty {
            guard rest.hasPrefix(":"), let number = UInt16(rest.dropFirst()) else { return nil }
            port = number
        }
        guard !host.isEmpty else { return nil }
    }
}
