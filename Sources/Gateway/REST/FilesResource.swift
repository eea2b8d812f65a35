internal import Shared

/// `/api/files`: upload, download, and links for what can't send a token.
///
/// Confined to its worker's loop.
struct FilesResource {
    private unowned let worker: Worker
    private let folder: FileFolder?
    private let config: FilesConfig

    init(worker: Worker) {
        self.worker = worker
        folder = worker.node.files
        config = worker.node.config.files
    }

    /// Whether a request's content is a file, which comes piece by piece.
    static func isUpload(_ request: HTTPRequest) -> Bool { request.method == "POST" && request.path == "/api/files" }

    private static let disabled = CommandError(.notAllowed, "This server doesn't take files.")
    private static let notFound = CommandError(.notFound, "There is no such file.")

    // MARK: Upload

    func respond(
        _ request: HTTPRequest, _ content: ContentStream?, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "POST", let content else { return Router.methodNotAllowed("POST") }
        guard let folder else { throw Self.disabled }
        let query = HTTPQuery(request.query)
        guard let text = query?.first("conversationId") else {
            throw CommandError(.missingField, "The query must name the conversationId.", field: "conversationId")
        }
        guard let conversation = UUID(text) else { throw .conversationNotFound }
        let type = try Self.type(of: request)
        if let length = content.length, Int64(length) > config.maximumBytes { throw tooLarge }
        if let retryAfter = await worker.limiter.take(.uploads, .user(origin.identity.user)) {
            throw .tooFast(retryAfter: retryAfter)
        }
        try await authorise(origin, conversation)
        let id = UUID.random()
        let cipher = try await key(of: conversation, makes: true)?.cipher(of: id)
        let size = try await store(content, id, cipher, folder)
        let facts = FileFacts(
            id: id, conversation: conversation, uploader: origin.identity.user,
            name: FileName.cleaned(query?.first("fileName") ?? ""), type: type, size: size, isSealed: cipher != nil)
        do throws(PostgresError) {
            try await worker.files.add(facts)
        } catch {
            // Where the outcome is unknown the row may be there; nobody has been told its id.
            try? await folder.remove(id)
            worker.log.warning("file can't be noted", [.file: .uuid(id), .error: .describing(error)])
            throw .unavailable()
        }
        worker.metrics.uploads.increment()
        worker.metrics.uploadedBytes.increment(by: Int(size))
        worker.log.fileUploaded(facts, origin)
        var response = Router.json(201, JSONWriter.bytes(facts.json(worker.node.config.content)))
        response.headers.add("Location", facts.path)
        return response
    }

    private static func type(of request: HTTPRequest) throws(CommandError) -> String {
        guard let header = request.headers.first("Content-Type") else { return MediaType.unknown }
        guard let type = MediaType.parse(header) else {
            throw CommandError(.invalidField, "The Content-Type is malformed.", field: "Content-Type")
        }
        guard type != "multipart/form-data" else {
            throw CommandError(
                .invalidField, "The content must be the file itself, not a form; its name goes into the query.",
                field: "Content-Type")
        }
        return type
    }

    /// Takes the content to the disk; returns its bytes.
    private func store(
        _ content: ContentStream, _ id: UUID, _ cipher: FileCipher?, _ folder: FileFolder
    ) async throws(CommandError) -> Int64 {
        let file: IncomingFile
        do throws(SystemError) {
            file = try await folder.begin(id)
        } catch {
            throw failed(id, error)
        }
        do throws(CommandError) {
            return try await write(content, FileWriter(file, cipher), id)
        } catch {
            await file.discard()
            throw error
        }
    }

    private func write(
        _ content: ContentStream, _ writer: FileWriter, _ id: UUID
    ) async throws(CommandError) -> Int64 {
        var writer = writer
        while true {
            let piece: [UInt8]?
            do throws(ContentStream.Broken) {
                piece = try await content.next()
            } catch {
                throw CommandError(.uploadIncomplete, "The rest of the file didn't come in time.")
            }
            guard writer.size + Int64(piece?.count ?? 0) <= config.maximumBytes else { throw tooLarge }
            do throws(SystemError) {
                guard let piece else {
                    try await writer.finish()
                    return writer.size
                }
                try await writer.append(piece)
            } catch {
                throw failed(id, error)
            }
        }
    }

    private var tooLarge: CommandError {
        CommandError(.fileTooLarge, "A file may have \(config.maximumBytes) bytes at most.")
    }

    private func failed(_ id: UUID, _ error: SystemError) -> CommandError {
        worker.log.error("file can't be written", [.file: .uuid(id), .error: .describing(error)])
        return .unavailable()
    }

    // MARK: Download

    /// `GET /api/files/{id}`, with a token or by a signed link; `origin` is nil for the latter.
    func respond(_ request: HTTPRequest, _ id: UUID, _ origin: Origin?) async throws(CommandError) -> Answer {
        guard request.method == "GET" else { return Answer(Router.methodNotAllowed("GET, HEAD")) }
        // Without a token nothing is told, and no store is asked, before the link is known to be good.
        if origin == nil { try await checkLink(request, id) }
        let facts = try await find(id)
        if let origin { try await authorise(origin, facts) }
        guard let folder else { throw Self.disabled }
        let tag = "\"\(id)\""
        var headers = HTTPHeaders([
            ("Content-Type", facts.type), ("Content-Disposition", facts.disposition), ("ETag", tag),
            ("Accept-Ranges", "bytes"), ("Cache-Control", "private, no-cache"),
            // A file that a browser opens by itself runs nothing and reaches nothing of ours.
            ("Content-Security-Policy", "default-src 'none'; sandbox"),
        ])
        if request.headers.list("If-None-Match").contains(where: { $0 == tag || $0 == "W/" + tag || $0 == "*" }) {
            return Answer(HTTPResponse(status: 304, headers: headers))
        }
        // A range of another state of the file is of no use; but this one never changes (RFC 9110, section 13.1.5).
        let range = request.headers.first("If-Range").map { $0 == tag } ?? true ? request.headers.first("Range") : nil
        var status = 200
        var part = 0..<facts.size
        switch HTTPByteRange(range, size: facts.size) {
        case .whole: break
        case .unsatisfiable:
            headers.add("Content-Range", "bytes */\(facts.size)")
            return Answer(HTTPResponse(status: 416, headers: headers))
        case .part(let wanted):
            status = 206
            part = wanted
            headers.add("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(facts.size)")
        }
        let reader = try await open(facts, part, folder)
        worker.metrics.downloads.increment()
        return Answer(HTTPResponse(status: status, headers: headers), reader, length: Int64(part.count))
    }

    private func open(
        _ facts: FileFacts, _ part: Range<Int64>, _ folder: FileFolder
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
        do throws(SystemError) {
            return FileReader(try await folder.open(facts.id), facts, cipher, part: part)
        } catch {
            worker.log.error("file can't be read", [.file: .uuid(facts.id), .error: .describing(error)])
            throw .unavailable()
        }
    }

    // MARK: Links

    /// `GET /api/files/{id}/link`.
    func respondWithLink(_ request: HTTPRequest, _ id: UUID, _ origin: Origin) async throws(CommandError)
        -> HTTPResponse
    {
        guard request.method == "GET" else { return Router.methodNotAllowed("GET, HEAD") }
        try await authorise(origin, try await find(id))
        let expires = (WallClock.nowMilliseconds() + config.linkLifetime) / 1_000
        let target = FileLink(file: id, expires: expires).target(secret: try await linkSecrets()[0])
        var time: [UInt8] = []
        RFC3339.append(milliseconds: expires * 1_000, to: &time)
        return Router.json(
            200,
            JSONWriter.bytes(
                .object(
                    JSONObject([
                        ("url", .string(target)), ("expiresAt", .string(String(decoding: time, as: UTF8.self))),
                    ]))))
    }

    private func checkLink(_ request: HTTPRequest, _ id: UUID) async throws(CommandError) {
        guard let query = HTTPQuery(request.query),
            let link = FileLink(file: id, query, secrets: try await linkSecrets()),
            link.expires * 1_000 > WallClock.nowMilliseconds()
        else { throw CommandError(.notAllowed, "The link isn't good, or not any more.", field: "signature") }
    }

    private func linkSecrets() async throws(CommandError) -> [[UInt8]] {
        do throws(PostgresError) {
            return try await worker.files.linkSecrets()
        } catch {
            throw .unavailable()
        }
    }

    // MARK: What both need

    private func find(_ id: UUID) async throws(CommandError) -> FileFacts {
        let found: FileFacts?
        do throws(PostgresError) {
            found = try await worker.files.find(id)
        } catch {
            throw .unavailable()
        }
        guard let found else { throw Self.notFound }
        return found
    }

    /// Only who is in the conversation may have its files.
    private func authorise(_ origin: Origin, _ facts: FileFacts) async throws(CommandError) {
        do throws(CommandError) {
            try await authorise(origin, facts.conversation)
        } catch {
            throw error.code == .notFound ? Self.notFound : error
        }
    }

    private func authorise(_ origin: Origin, _ conversation: UUID) async throws(CommandError) {
        switch await worker.membership.check(origin.identity.user, in: conversation) {
        case .member: return
        case .unavailable: throw .unavailable()
        case .notMember, .notFound:
            worker.log.authorisationFailed("file", origin, conversation)
            throw .conversationNotFound
        }
    }

    /// The key of a conversation's files; nil where they are stored in clear, or where there is none and none `makes` it.
    private func key(of conversation: UUID, makes: Bool) async throws(CommandError) -> DataKey? {
        guard let vault = worker.vault else { return nil }
        let found: Confined<ContentVault.Lookup> = await withCheckedContinuation { continuation in
            vault.withKey(of: conversation, makes: makes) { continuation.resume(returning: Confined($0)) }
        }
        switch found.value {
        case .key(let key): return key
        case .notFound:
            guard !makes else { throw .conversationNotFound }
            return nil
        case .unavailable: throw .unavailable()
        }
    }
}
