internal import Shared

/// `POST /api/files`.
extension FilesResource {
    func respond(
        _ request: HTTPRequest, _ content: ContentStream?, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "POST", let content else { return Router.methodNotAllowed("POST") }
        guard let folder else { throw Self.disabled }
        let source = try UploadSource(request, content)
        if let length = content.length, Int64(length) > config.maximumBytes + source.maximumOverhead { throw tooLarge }
        if let retryAfter = await worker.limiter.take(.uploads, .user(origin.identity.user)) {
            throw .tooFast(retryAfter: retryAfter)
        }
        let head = try await source.head()
        let conversation = head.fields.conversation
        try await authorise(origin, conversation)
        let id = UUID.random()
        let cipher = try await key(of: conversation, makes: true)?.cipher(of: id)
        let found = try await store(source, id, cipher, folder).finish(told: head.type)
        let facts = FileFacts(
            id: id, conversation: conversation, uploader: origin.identity.user,
            name: FileName.cleaned(head.fields.fileName ?? head.name), type: found.type, size: found.size,
            isSealed: cipher != nil, sha256: found.sha256, picture: found.picture)
        do throws(PostgresError) {
            try await worker.files.add(facts)
        } catch {
            // Where the outcome is unknown the row may be there; nobody has been told its id.
            try? await folder.remove(id)
            worker.log.warning("file can't be noted", [.file: .uuid(id), .error: .describing(error)])
            throw .unavailable()
        }
        worker.metrics.uploads.increment()
        worker.metrics.uploadedBytes.increment(by: Int(found.size))
        worker.log.fileUploaded(facts, origin)
        var response = Router.json(201, JSONWriter.bytes(facts.json(worker.node.config.content)))
        response.headers.add("Location", facts.path)
        return response
    }

    /// Takes the content to the disk; returns what was seen of it.
    private func store(
        _ source: UploadSource, _ id: UUID, _ cipher: FileCipher?, _ folder: FileFolder
    ) async throws(CommandError) -> ContentLook {
        let transfer = try beginTransfer()
        defer { withExtendedLifetime(transfer) {} }
        let file: IncomingFile
        do throws(SystemError) {
            file = try await folder.begin(id)
        } catch {
            throw failed(id, error)
        }
        do throws(CommandError) {
            return try await write(source, FileWriter(file, cipher), id)
        } catch {
            await file.discard()
            throw error
        }
    }

    private func write(
        _ source: UploadSource, _ writer: FileWriter, _ id: UUID
    ) async throws(CommandError) -> ContentLook {
        var writer = writer
        let look = ContentLook()
        while true {
            let piece = try await source.next()
            guard look.size + Int64(piece?.count ?? 0) <= config.maximumBytes else { throw tooLarge }
            do throws(SystemError) {
                guard let piece else {
                    try await writer.finish()
                    return look
                }
                look.append(piece)
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
}
