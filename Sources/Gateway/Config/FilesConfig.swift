internal import Shared

/// What the environment says of files.
struct FilesConfig: Sendable {
    /// Where they are kept; nil where none are taken.
    var location: FilesLocation?
    /// How an S3 store is reached; nil where there is none.
    var s3: S3Settings?
    /// The largest file, in bytes.
    var maximumBytes: Int64
    /// What the files of a user may take in all, in bytes; nil for no limit.
    var userQuota: Int64?
    /// How long (ms) an upload may take.
    var uploadTimeout: Int64
    /// How long (ms) a link is good.
    var linkLifetime: Int64

    init(_ reader: inout ConfigReader) {
        location = FilesLocation.read(&reader)
        maximumBytes = Int64(reader.read(GatewaySettings.maxFileBytes))
        userQuota = reader.read(GatewaySettings.filesUserQuota).map(Int64.init)
        if case .s3(let place) = location {
            let partBytes = S3Settings.partBytes(
                largest: FileCipher.sealedSize(of: maximumBytes), unit: FileCipher.sealedBytes)
            s3 = S3Settings(&reader, place, partBytes: partBytes)
        }
        uploadTimeout = reader.read(GatewaySettings.uploadTimeout)
        linkLifetime = reader.read(GatewaySettings.fileLinkLifetime)
    }
}
