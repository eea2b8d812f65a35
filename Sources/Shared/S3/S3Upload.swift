/// A file on its way into an S3 store: what fits into one part goes by one request, else by a multipart upload. A part
/// is whole on our disk before it is sent, so that a slow client keeps no connection to the store, and a part can be
/// sent again.
///
/// Confined to its loop.
final class S3Upload: IncomingFile {
    /// Milliseconds for making an object of all parts.
    private static let longestCompletion: Int64 = 300_000

    private let client: S3Client
    private let key: String
    private let staged: ScratchFile
    private let partBytes: Int
    private let loop: EventLoop
    /// Bytes of the part that is being staged, and their digest.
    private var stagedBytes = 0
    private let digest = SHA256Stream()
    /// Bytes of the parts before.
    private var sentBytes: Int64 = 0
    /// The store's name for the multipart upload, once there is one.
    private var upload: String?
    /// What the store calls each part's content.
    private var tags: [String] = []
    /// Whether the object may be there.
    private var mayBeKept = false

    init(_ client: S3Client, key: String, staged: ScratchFile, partBytes: Int, on loop: EventLoop) {
        self.client = client
        self.key = key
        self.staged = staged
        self.partBytes = partBytes
        self.loop = loop
    }

    func append(_ bytes: [UInt8]) async throws(FileStoreError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // A full part is sent only once there is more: a file of one part needs no multipart upload.
            if stagedBytes == partBytes { try await s3 { () throws(S3Error) in try await self.sendPart() } }
            let taken = Array(rest.prefix(partBytes - stagedBytes))
            rest = rest.dropFirst(taken.count)
            try await stage(taken)
        }
    }

    private func stage(_ bytes: [UInt8]) async throws(FileStoreError) {
        let (staged, begins) = (staged, stagedBytes == 0)
        try await BlockingPool.shared.disk { () throws(SystemError) in
            if begins { try staged.empty() }
            try staged.append(bytes)
        }
        digest.append(bytes)
        stagedBytes += bytes.count
    }

    func keep() async throws(FileStoreError) {
        try await s3 { () throws(S3Error) in
            guard self.upload != nil else { return try await self.put() }
            try await self.sendPart()
            try await self.complete()
        }
    }

    func discard() async {
        let (client, key, upload, mayBeKept) = (client, key, upload, mayBeKept)
        guard upload != nil || mayBeKept else { return }
        // Whoever hears that their upload failed doesn't wait for this; where it fails too, the upload is swept a day
        // later.
        loop.spawn {
            if let upload { try? await client.abort(key, upload) }
            if mayBeKept { try? await client.delete(key) }
        }
    }

    // MARK: Requests

    private func put() async throws(S3Error) {
        mayBeKept = true
        _ = try await client.send(content(S3Client.Call(method: "PUT", key: key)))
    }

    private func sendPart() async throws(S3Error) {
        let upload = try await begun()
        let query = [("partNumber", String(tags.count + 1)), ("uploadId", upload)].map { (name: $0, value: $1) }
        let reply = try await client.send(content(S3Client.Call(method: "PUT", key: key, query: query)))
        guard let tag = reply.headers.first("ETag") else { throw .unexpected("a part has no ETag") }
        tags.append(tag)
        sentBytes += Int64(stagedBytes)
        stagedBytes = 0
    }

    private func begun() async throws(S3Error) -> String {
        if let upload { return upload }
        let root = try await client.document(
            S3Client.Call(method: "POST", key: key, query: [("uploads", "")], content: .bytes([])))
        guard let id = root.first("UploadId")?.text, !id.isEmpty else { throw .unexpected("an upload has no id") }
        upload = id
        return id
    }

    private func content(_ call: S3Client.Call) -> S3Client.Call {
        var call = call
        call.content = stagedBytes == 0 ? .bytes([]) : .file(staged, stagedBytes)
        call.digest = Hex.encode(digest.finish())
        return call
    }

    /// Makes an object of the parts. It may be asked for twice: who doesn't hear of the first success finds no upload
    /// any more, but the object.
    private func complete() async throws(S3Error) {
        guard let upload else { return }
        mayBeKept = true
        let parts = tags.enumerated().map { number, tag in
            "<Part><PartNumber>\(number + 1)</PartNumber><ETag>\(XMLElement.escaped(tag))</ETag></Part>"
        }
        let body = Array("<CompleteMultipartUpload>\(parts.joined())</CompleteMultipartUpload>".utf8)
        var call = S3Client.Call(method: "POST", key: key, query: [("uploadId", upload)])
        call.content = .bytes(body)
        // A store that puts many parts together sends white space meanwhile.
        call.patience = Self.longestCompletion
        call.digest = Hex.encode(SHA256.digest(body))
        do throws(S3Error) {
            let root = try await client.document(call)
            guard root.name == "CompleteMultipartUploadResult" else { throw .unexpected("an upload isn't complete") }
        } catch {
            guard case .refused(let refusal) = error, refusal.code == "NoSuchUpload",
                try await client.size(key) == sentBytes
            else { throw error }
        }
    }

    private func s3(_ body: () async throws(S3Error) -> Void) async throws(FileStoreError) {
        do throws(S3Error) {
            try await body()
        } catch {
            throw .s3(error)
        }
    }
}
