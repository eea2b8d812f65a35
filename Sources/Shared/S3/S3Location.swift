/// A bucket of an S3 store and a prefix in it, with all that is needed to reach it but the credentials.
public struct S3Location: Sendable, Equatable {
    /// Name of the bucket.
    public let bucket: String
    /// What keys begin with, without slashes at its ends; may be empty.
    public let prefix: String
    /// The region that requests are signed for.
    public let region: String
    /// Whether requests go by https.
    public let isSecure: Bool
    /// What requests are sent to: a name or an address, with the port where it isn't the scheme's own.
    public let host: String
    /// Whether the bucket stands in the path, not in the host's name.
    public let isInPath: Bool

    /// What `init(url:)` reads, for errors.
    public static let form = "s3://bucket/prefix?region=…&endpoint=…&style=path|host"

    /// Reads `s3://bucket/prefix?region=…&endpoint=…&style=…`; nil when it is something else.
    ///
    /// Without an endpoint it is AWS' own, with the bucket in the host's name; with one the bucket is in the path by
    /// default. The names are such that no escapes are needed wherever they come to stand.
    public init?(url: String) {
        guard url.hasPrefix("s3://") else { return nil }
        let halves = url.dropFirst("s3://".count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let names = halves[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = Self.withoutEndSlash(names.count == 2 ? names[1] : "")
        guard Self.isBucket(names[0]), Self.isPrefix(prefix),
            let parameters = Self.parameters(halves.count == 2 ? halves[1] : "")
        else { return nil }
        let region = parameters["region"] ?? "us-east-1"
        let endpoint = parameters["endpoint"] ?? "https://s3.\(region).amazonaws.com"
        guard !region.isEmpty, region.utf8.allSatisfy(Self.isLowerCaseOrDigit), let scheme = Self.scheme(endpoint)
        else {
            return nil
        }
        let authority = Self.withoutEndSlash(endpoint.dropFirst(scheme.count))
        guard !authority.isEmpty, authority.utf8.allSatisfy(Self.isInAuthority) else { return nil }
        switch parameters["style"] ?? (parameters["endpoint"] == nil ? "host" : "path") {
        case "path": isInPath = true
        case "host": isInPath = false
        default: return nil
        }
        bucket = String(names[0])
        self.prefix = String(prefix)
        self.region = region
        isSecure = scheme == "https://"
        host = isInPath ? String(authority) : "\(bucket).\(authority)"
    }

    /// The key of a file: `<prefix>/<two digits>/<id>`.
    func key(_ id: UUID) -> String { start + "\(id.description.prefix(2))/\(id)" }

    /// What all keys of files begin with.
    var start: String { prefix.isEmpty ? "" : prefix + "/" }

    /// Whose key it is; nil where it isn't one of a file's.
    func file(_ key: String) -> UUID? {
        guard let id = UUID(key.suffix(36)), self.key(id) == key else { return nil }
        return id
    }

    /// The path of a request; of the bucket's own without a key.
    func path(_ key: String?) -> String { (isInPath ? "/" + bucket : "") + "/" + (key ?? "") }

    // MARK: Reading

    private static func parameters(_ query: Substring) -> [String: String]? {
        var parameters: [String: String] = [:]
        for part in query.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, ["region", "endpoint", "style"].contains(sides[0]),
                let value = PercentEncoding.decode(sides[1]), parameters[String(sides[0])] == nil
            else { return nil }
            parameters[String(sides[0])] = value
        }
        return parameters
    }

    private static func scheme(_ endpoint: String) -> String? {
        ["http://", "https://"].first { endpoint.hasPrefix($0) }
    }

    private static func withoutEndSlash(_ text: Substring) -> Substring { text.hasSuffix("/") ? text.dropLast() : text }

    private static func isBucket(_ name: Substring) -> Bool {
        (3...63).contains(name.utf8.count) && !name.hasPrefix(".") && !name.contains("..")
            && name.utf8.allSatisfy { isLowerCaseOrDigit($0) || $0 == UInt8(ascii: ".") }
    }

    private static func isPrefix(_ prefix: Substring) -> Bool {
        prefix.isEmpty
            || prefix.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
                !["", ".", ".."].contains(part)
                    && part.utf8.allSatisfy {
                        isLowerCaseOrDigit($0) || (0x41...0x5A).contains($0) || "._".utf8.contains($0)
                    }
            }
    }

    private static func isInAuthority(_ byte: UInt8) -> Bool {
        isLowerCaseOrDigit(byte) || (0x41...0x5A).contains(byte) || ".:[]".utf8.contains(byte)
    }

    private static func isLowerCaseOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
    }
}
