internal import Shared

/// `/api/files`: upload, download, and links for what can't send a token.
///
/// Confined to its worker's loop.
struct FilesResource {
    let worker: Worker
    let store: (any FileStore)?
    let config: FilesConfig

    init(worker: Worker) {
        self.worker = worker
        store = worker.fileStore
        config = worker.node.config.files
    }

    /// Whether a request's content is a file, which comes piece by piece.
    static func isUpload(_ request: HTTPRequest) -> Bool { request.method == "POST" && request.path == "/api/files" }

    static let disabled = CommandError(.notAllowed, "This server doesn't take files.")
    static let notFound = CommandError(.notFound, "There is no such file.")

    func find(_ id: UUID) async throws(CommandError) -> FileFacts {
        let found: FileFacts?
        do throws(PostgresError) {
            found = try await worker.files.find(id)
        } catch {
            throw .unavailable()
        }
        guard let found else { throw Self.notFound }
        return found
    }

    /// A place among the node's uploads and downloads.
    func beginTransfer() throws(CommandError) -> FileTransfer {
        guard let transfer = FileTransfer(worker.node) else { throw .unavailable(retryAfter: 5_000) }
        return transfer
    }

    /// Only who is in the conversation may have its files.
    func authorise(_ origin: Origin, _ facts: FileFacts) async throws(CommandError) {
        do throws(CommandError) {
            try await authorise(origin, facts.conversation)
        } catch {
            throw error.code == .notFound ? Self.notFound : error
        }
    }

    func authorise(_ origin: Origin, _ conversation: UUID) async throws(CommandError) {
        switch await worker.membership.check(origin.identity.user, in: conversation) {
        case .member: return
        case .unavailable: throw .unavailable()
        case .notMember, .notFound:
            worker.log.authorisationFailed("file", origin, conversation)
            throw .conversationNotFound
        }
    }

    /// The key of a conversation's files; nil where they are stored in clear, or where there is none and none `makes` it.
    func key(of conversation: UUID, makes: Bool) async throws(CommandError) -> DataKey? {
        guard let vault = worker.vault else { return nil }
        switch await vault.lookUp(conversation, makes: makes) {
        case .key(let key): return key
        case .notFound:
            guard !makes else { throw .conversationNotFound }
            return nil
        case .unavailable: throw .unavailable()
        }
    }
}
