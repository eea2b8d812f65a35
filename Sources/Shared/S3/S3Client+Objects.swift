/// The requests that need no more than a key.
extension S3Client {
    /// Removes an object; it is no error where there is none.
    func delete(_ key: String) async throws(S3Error) {
        try await absent { () throws(S3Error) in _ = try await self.send(Call(method: "DELETE", key: key)) }
    }

    /// Gives up a multipart upload with all its parts; it is no error where there is none.
    func abort(_ key: String, _ upload: String) async throws(S3Error) {
        let call = Call(method: "DELETE", key: key, query: [("uploadId", upload)])
        try await absent { () throws(S3Error) in _ = try await self.send(call) }
    }

    /// The bytes of an object; nil where there is none.
    func size(_ key: String) async throws(S3Error) -> Int64? {
        do throws(S3Error) {
            let reply = try await send(Call(method: "HEAD", key: key))
            return reply.headers.first("Content-Length").flatMap { Decimal.parse($0.utf8) }
        } catch {
            if case .refused(let refusal) = error, refusal.status == 404 { return nil }
            throw error
        }
    }

    /// A page of the bucket's multipart uploads; nil where there are none, which rclone says by NoSuchUpload.
    func uploads(_ query: [(name: String, value: String)]) async throws(S3Error) -> S3UploadPage? {
        do throws(S3Error) {
            guard let page = S3UploadPage(try await document(Call(method: "GET", query: query))) else {
                throw .unexpected("a list of uploads was expected")
            }
            return page
        } catch {
            if case .refused(let refusal) = error, refusal.code == "NoSuchUpload" { return nil }
            throw error
        }
    }

    private func absent(_ body: () async throws(S3Error) -> Void) async throws(S3Error) {
        do throws(S3Error) {
            try await body()
        } catch {
            if case .refused(let refusal) = error, refusal.status == 404, refusal.code != "NoSuchBucket" { return }
            throw error
        }
    }
}
