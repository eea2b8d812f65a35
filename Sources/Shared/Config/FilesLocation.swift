/// Where uploaded files are kept, as an operator says it.
public enum FilesLocation: Sendable, Equatable {
    /// A folder that all gateways share, by its absolute path.
    case folder(String)
    /// A bucket of an S3 store.
    case s3(S3Location)

    /// Reads `file:///path` (RFC 8089), or what `S3Location` reads; nil when it is something else.
    public init?(url: String) {
        if let location = S3Location(url: url) {
            self = .s3(location)
            return
        }
        guard url.hasPrefix("file:///"), let path = PercentEncoding.decode(url.dropFirst("file://".count)),
            path.count > 1, !path.utf8.contains(0)
        else { return nil }
        self = .folder(path)
    }

    /// What the environment says; nil where no files are taken.
    package static func read(_ reader: inout ConfigReader) -> FilesLocation? {
        let url = reader.read(GatewaySettings.filesURL)
        let folder = reader.read(GatewaySettings.filesDir)
        reader.check(
            url == nil || folder == nil,
            [GatewaySettings.filesURL.declaration, GatewaySettings.filesDir.declaration],
            "must not be set beside PARLEY_FILES_DIR: files are kept in one place")
        return url ?? folder.map { .folder($0) }
    }
}
