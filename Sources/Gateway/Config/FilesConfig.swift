internal import Shared

/// What the environment says of files.
struct FilesConfig: Sendable {
    /// The folder for them, which all gateways share; nil where none are taken.
    var folder: String?
    /// The largest file, in bytes.
    var maximumBytes: Int64
    /// What the files of a user may take in all, in bytes; nil for no limit.
    var userQuota: Int64?
    /// How long (ms) an upload may take.
    var uploadTimeout: Int64
    /// How long (ms) a link is good.
    var linkLifetime: Int64

    init(_ reader: inout ConfigReader) {
        folder = reader.read(GatewaySettings.filesDir)
        maximumBytes = Int64(reader.read(GatewaySettings.maxFileBytes))
        userQuota = reader.read(GatewaySettings.filesUserQuota).map(Int64.init)
        uploadTimeout = reader.read(GatewaySettings.uploadTimeout)
        linkLifetime = reader.read(GatewaySettings.fileLinkLifetime)
    }
}
