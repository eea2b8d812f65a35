internal import Shared

/// `GET /api/files/{id}`.
extension FilesResource {
    /// `GET /api/files/{id}`, with a token or by a signed link; `origin` is nil for the latter.
    func respond(_ request: HTTPRequest, _ id: UUID, _ origin: Origin?) async throws(CommandError) -> Answer {
        guard request.method == "GET" else { return Answer(Router.methodNotAllowed("GET, HEAD")) }
        // Without a token nothing is told, and no store is asked, before the link is known to be good.
        if origin == nil { try await checkLink(request, id) }
        let facts = try await find(id)
        if let origin { try await authorise(origin, facts) }
        guard let store else { throw Self.disabled }
        let tag = "\"\(id)\""
        var headers = HTTPHeaders([
            ("Content-Type", facts.type), ("Content-Disposition", facts.disposition), ("ETag", tag),
            ("Accept-Ranges", "bytes"), ("Cache-Control", "private, no-cache"),
            // A file that a browser opens by itself runs nothing and reaches nothing of ours.
            ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ])
        if request.headers.knows(tag) {
            return Answer(HTTPResponse(status: 304, headers: headers))
        }
        // A range of another state of the file is of no use; but this one never changes (RFC 9110, section 13.1.5).
        let range = request.headers.first("If-Range").map { $0 == tag } ?? true ? request.headers.first("Range") : nil
        var status = 200
        var part = 0..<facts.size
        switch HTTPByteRange(range, size: facts.size) {
        case .whole: if let sha256 = facts.sha256 { headers.add("Repr-Digest", ContentDigest.field(sha256)) }
        case .unsatisfiable:
            headers.add("Content-Range", "bytes */\(facts.size)")
            return Answer(HTTPResponse(status: 416, headers: headers))
        case .part(let wanted):
            status = 206
            part = wanted
            headers.add("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(facts.size)")
        }
        let reader = try await open(facts, part, store)
        worker.metrics.downloads.increment()
        return Answer(HTTPResponse(status: status, headers: headers), reader, length: Int64(part.count))
    }

    private func open(
        _ facts: FileFacts, _ part: Range<Int64>, _ store: any FileStore
    ) async throws(CommandError) -> FileReader {
        var cipher: FileCipher?
        if facts.isSealed {
            guard let key = try await key(of: facts.conversation, makes: false) else {
                worker.metrics.contentsUnreadable.increment()
                worker.log.error("file can't be opened", [.file: .uuid(facts.id)])
                throw CommandError(.internalError, "The file can't be decrypted.")
            }
            cipher = key.cipher(of: facts.id)
        }
        let transfer = try beginTransfer()
        do throws(FileStoreError) {
            let stored = facts.isSealed ? FileCipher.sealedRange(of: part, size: facts.size) : part
            return FileReader(try await store.open(facts.id, stored), transfer, facts, cipher, part: part)
        } catch {
            worker.metrics.fileStoreFailures.increment()
            worker.log.error("file can't be read", [.file: .uuid(facts.id), .error: .describing(error)])
            throw .unavailable()
        }
    }
}
