internal import Shared

/// What the environment says of files.
struct FilesConfig: Sendable {
    /// Where they are kept; nil where none are taken.
    var location: FilesLocation?
    /// The largest file, in bytes.
    var maximumBytes: Int64
    /// How long (ms) an upload may take.
    var uploadTimeout: Int64
    /// How long (ms) a link is good.
    var linkLifetime: Int64

    init(_ reader: inout ConfigReader) {
        location = Self.location(&reader)
        maximumBytes = Int64(reader.read(GatewaySettings.maxFileBytes))
        uploadTimeout = reader.read(GatewaySettings.uploadTimeout)
        linkLifetime = reader.read(GatewaySettings.fileLinkLifetime)
    }

    private static func location(_ reader: inout ConfigReader) -> FilesLocation? {
        let url = reader.read(GatewaySettings.filesURL)
        let folder = reader.read(GatewaySettings.filesDir)
        reader.check(
            url == nil || folder == nil,
            [GatewaySettings.filesURL.declaration, GatewaySettings.filesDir.declaration],
            "must not be set beside PARLEY_FILES_DIR: files are kept in one place")
        return url ?? folder.map { .folder($0) }
    }
}
