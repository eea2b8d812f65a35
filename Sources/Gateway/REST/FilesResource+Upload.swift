internal import Shared

/// `POST /api/files`.
extension FilesResource {
    func respond(
        _ request: HTTPRequest, _ content: ContentStream?, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "POST", let content else { return Router.methodNotAllowed("POST") }
        guard let store else { throw Self.disabled }
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
        let size = try await take(content, id, cipher, to: store)
        let facts = FileFacts(
            id: id, conversation: conversation, uploader: origin.identity.user,
            name: FileName.cleaned(query?.first("fileName") ?? ""), type: type, size: size, isSealed: cipher != nil)
        do throws(PostgresError) {
            try await worker.files.add(facts)
        } catch {
            // Where the outcome is unknown the row may be there; nobody has been told its id.
            try? await store.remove(id)
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

    /// Takes the content to the store; returns its bytes.
    private func take(
        _ content: ContentStream, _ id: UUID, _ cipher: FileCipher?, to store: any FileStore
    ) async throws(CommandError) -> Int64 {
        let transfer = try beginTransfer()
        defer { withExtendedLifetime(transfer) {} }
        let file: any IncomingFile
        do throws(FileStoreError) {
            file = try await store.begin(id)
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
            do throws(FileStoreError) {
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

    private func failed(_ id: UUID, _ error: FileStoreError) -> CommandError {
        worker.metrics.fileStoreFailures.increment()
        worker.log.error("file can't be written", [.file: .uuid(id), .error: .describing(error)])
        return .unavailable()
    }
}
