/// The bytes of uploaded files in a bucket of an S3 store.
///
/// Confined to its loop.
package final class S3Store: FileStore {
    /// An upload that was begun so many milliseconds ago belongs to nobody any more.
    private static let abandoned: Int64 = 24 * 3_600_000
    /// So many pages of a list are read in one sweep.
    private static let pages = 100

    private let client: S3Client
    private let settings: S3Settings
    private let loop: EventLoop

    /// A store for the files of a loop's clients, `limit` of whose parts are sent at a time; `retried` is called
    /// whenever a request is tried again. nil where libcurl can't be used.
    package init?(_ settings: S3Settings, sent limit: Int, on loop: EventLoop, retried: @escaping () -> Void) {
        guard let http = HTTPClient(on: loop) else { return nil }
        self.settings = settings
        self.loop = loop
        client = S3Client(
            settings.location, settings.credentials, timeout: settings.timeout, sent: limit, http: http,
            on: loop, retried: retried)
    }

    package func begin(_ id: UUID) async throws(FileStoreError) -> any IncomingFile {
        let folder = settings.stagingFolder
        let staged = try await BlockingPool.shared.disk { () throws(SystemError) in try ScratchFile(in: folder) }
        return S3Upload(
            client, key: settings.location.key(id), staged: staged, partBytes: settings.partBytes, on: loop)
    }

    package func open(_ id: UUID, _ part: Range<Int64>) async throws(FileStoreError) -> any StoredFile {
        let file = S3Part(client, key: settings.location.key(id), part)
        try await file.begin()
        return file
    }

    package func remove(_ id: UUID) async throws(FileStoreError) {
        do throws(S3Error) {
            try await client.delete(settings.location.key(id))
        } catch {
            throw .s3(error)
        }
    }

    package func sweep() async throws(FileStoreError) -> Int {
        do throws(S3Error) {
            return try await sweepUploads(begunBefore: WallClock.nowMilliseconds() - Self.abandoned)
        } catch {
            throw .s3(error)
        }
    }

    // MARK: Sweeping

    private func sweepUploads(begunBefore time: Int64) async throws(S3Error) -> Int {
        var count = 0
        var page: S3UploadPage?
        for _ in 0..<Self.pages {
            let query = [("uploads", ""), ("prefix", settings.location.start)] + (page?.next ?? [])
            guard let found = try await client.uploads(query.map { (name: $0, value: $1) }) else { break }
            for upload in found.uploads where upload.begun < time && settings.location.file(upload.key) != nil {
                try await client.abort(upload.key, upload.id)
                count += 1
            }
            guard found.next != nil else { break }
            page = found
        }
        return count
    }
}
