/// Where uploaded files are kept, as an operator says it.
public enum FilesLocation: Sendable, Equatable {
    /// A folder that all gateways share, by its absolute path.
    case folder(String)

    /// Reads `file:///path` (RFC 8089); nil when it is something else.
    public init?(url: String) {
        guard url.hasPrefix("file:///"), let path = PercentEncoding.decode(url.dropFirst("file://".count)),
            path.count > 1, !path.utf8.contains(0)
        else { return nil }
        self = .folder(path)
    }
}
