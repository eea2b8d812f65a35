internal import Shared

/// Where the bytes of uploaded files are: what all loops have in common of their stores.
enum FilePlace: Sendable {
    case folder(FileFolder)
    case s3(S3Settings)

    /// Parts of files that the node sends to an S3 store at a time.
    private static let sentAtATime = 8

    /// The store of one of so many loops.
    func store(on loop: EventLoop, loops: Int, _ metrics: GatewayMetrics) -> any FileStore {
        switch self {
        case .folder(let folder): return folder
        case .s3(let settings):
            let limit = max(1, Self.sentAtATime / loops)
            let store = S3Store(settings, sent: limit, on: loop) { metrics.fileStoreRetries.increment() }
            guard let store else { preconditionFailure("libcurl can't be used") }
            return store
        }
    }
}
