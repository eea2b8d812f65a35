internal import Shared

/// `POST /api/files`.
extension FilesResource {
    func respond(
        _ request: HTTPRequest, _ content: ContentStream?, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "POST", let content else { return Router.methodNotAllowed("POST") }
        guard let store else { throw Self.disabled }
        if let retryAfter = await worker.limiter.take(.uploads, .user(origin.identity.user)) {
            throw .tooFast(retryAfter: retryAfter)
        }
        let key = try UploadKey.read(request.headers)
        let source = try UploadSource(request, content)
        let length = content.length.map { Int64($0) - source.maximumOverhead } ?? 0
        guard length <= config.maximumBytes else { throw UploadLimit.tooLarge(config) }
        let head = try await source.head()
        let conversation = head.fields.conversation
        try await authorise(origin, conversation)
        if let known = try await find(key, origin) {
            let repeated = facts(known.id, origin, head, try await skim(source), isSealed: known.isSealed)
            return try answer(known, repeatedBy: repeated)
        }
        let limit = try await limit(origin)
        guard length <= limit.bytes else { throw limit.refusal }
        let id = UUID.random()
        let cipher = try await self.key(of: conversation, makes: true)?.cipher(of: id)
        let look = try await take(source, id, cipher, limit, to: store)
        let facts = facts(id, origin, head, look, isSealed: cipher != nil)
        if let known = try await note(facts, key, origin, store) { return try answer(known, repeatedBy: facts) }
        worker.metrics.uploads.increment()
        worker.metrics.uploadedBytes.increment(by: Int(facts.size))
        worker.log.fileUploaded(facts, origin)
        return answer(facts)
    }

    private func facts(
        _ id: UUID, _ origin: Origin, _ head: UploadSource.Head, _ look: ContentLook, isSealed: Bool
    ) -> FileFacts {
        let found = look.finish(told: head.type)
        return FileFacts(
            id: id, conversation: head.fields.conversation, uploader: origin.identity.user,
            name: FileName.cleaned(head.fields.fileName ?? head.name), type: found.type, size: found.size,
            isSealed: isSealed, sha256: found.sha256, picture: found.picture)
    }

    private func answer(_ facts: FileFacts) -> HTTPResponse {
        var response = Router.json(201, JSONWriter.bytes(facts.json(worker.node.config.content)))
        response.headers.add("Location", facts.path)
        return response
    }

    // MARK: Repeats

    /// Answers the repeat of an upload as the upload was answered.
    private func answer(_ known: FileFacts, repeatedBy facts: FileFacts) throws(CommandError) -> HTTPResponse {
        guard known.isRepeated(by: facts) else { throw UploadKey.reused }
        return answer(known)
    }

    /// What was uploaded under a key before.
    private func find(_ key: String?, _ origin: Origin) async throws(CommandError) -> FileFacts? {
        guard let key else { return nil }
        do throws(PostgresError) {
            return try await worker.files.find(key: key, by: origin.identity.user)
        } catch {
            throw .unavailable()
        }
    }

    /// Reads what has been stored before, to see whether it is the same.
    private func skim(_ source: UploadSource) async throws(CommandError) -> ContentLook {
        let look = ContentLook()
        while let piece = try await source.next() {
            guard look.size + Int64(piece.count) <= config.maximumBytes else { throw UploadLimit.tooLarge(config) }
            look.append(piece)
        }
        return look
    }

    // MARK: Storing

    /// Makes a stored file known; returns the one that another upload under the same key has brought meanwhile.
    private func note(
        _ facts: FileFacts, _ key: String?, _ origin: Origin, _ store: any FileStore
    ) async throws(CommandError) -> FileFacts? {
        do throws(PostgresError) {
            if try await worker.files.add(facts, key: key) { return nil }
        } catch {
            // Where the outcome is unknown the row may be there: by its key somebody may be told of it yet, else nobody is.
            if key == nil || !error.isOutcomeUnknown { try? await store.remove(facts.id) }
            worker.log.warning("file can't be noted", [.file: .uuid(facts.id), .error: .describing(error)])
            throw .unavailable()
        }
        try? await store.remove(facts.id)
        guard let known = try await find(key, origin) else { throw .unavailable() }
        return known
    }

    /// Takes the content to the store; returns what was seen of it.
    private func take(
        _ source: UploadSource, _ id: UUID, _ cipher: FileCipher?, _ limit: UploadLimit, to store: any FileStore
    ) async throws(CommandError) -> ContentLook {
        let transfer = try beginTransfer()
        defer { withExtendedLifetime(transfer) {} }
        let file: any IncomingFile
        do throws(FileStoreError) {
            file = try await store.begin(id)
        } catch {
            throw failed(id, error)
        }
        do throws(CommandError) {
            return try await write(source, FileWriter(file, cipher), id, limit)
        } catch {
            await file.discard()
            throw error
        }
    }

    private func write(
        _ source: UploadSource, _ writer: FileWriter, _ id: UUID, _ limit: UploadLimit
    ) async throws(CommandError) -> ContentLook {
        var writer = writer
        let look = ContentLook()
        while true {
            let piece = try await source.next()
            guard look.size + Int64(piece?.count ?? 0) <= limit.bytes else { throw limit.refusal }
            do throws(FileStoreError) {
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

    private func failed(_ id: UUID, _ error: FileStoreError) -> CommandError {
        worker.metrics.fileStoreFailures.increment()
        worker.log.error("file can't be written", [.file: .uuid(id), .error: .describing(error)])
        return .unavailable()
    }
}
