internal import Shared

/// `/api/conversations/{id}/participants`, `/archive` and `/unarchive`.
///
/// Confined to its worker's loop.
struct MembersResource {
    private static let defaultPage = 50
    private static let maximumPage = 200

    private let worker: Worker
    private let store: ConversationStore
    private var changes: ConversationChanges { worker.changes }

    init(worker: Worker, store: ConversationStore) {
        self.worker = worker
        self.store = store
    }

    /// Lists or adds participants, archives or unarchives.
    func respond(
        _ request: HTTPRequest, _ action: String, _ id: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        if action == "participants" {
            switch request.method {
            case "GET", "HEAD": return try await list(request, id, origin)
            case "POST": break
            default: return Router.methodNotAllowed("GET, HEAD, POST")
            }
        }
        guard request.method == "POST" else { return Router.methodNotAllowed("POST") }
        switch action {
        case "archive": return try await make(.archive, id, origin)
        case "unarchive": return try await make(.unarchive, id, origin)
        default:
            let user = try Body(request.body).uuid("userId")
            try await worker.limiter.admit(.members, origin.identity.user)
            return try await make(.add(user), id, origin)
        }
    }

    /// A page of participants by their ids.
    private func list(
        _ request: HTTPRequest, _ id: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        let query = try PageQuery(request, default: Self.defaultPage, maximum: Self.maximumPage)
        let after = try query.text("after").map { text throws(CommandError) in
            guard let user = UUID(text) else {
                throw CommandError(.invalidField, "after must be a nextAfter of this list.", field: "after")
            }
            return user
        }
        let found: [Conversation.Participant]?
        do {
            found = try await store.participants(
                of: id, for: origin.identity.user, after: after, limit: query.limit + 1)
        } catch {
            worker.log.warning("PostgreSQL call failed", [.error: .describing(error)])
            throw .unavailable()
        }
        guard let found else {
            worker.log.authorisationFailed("read", origin, id)
            throw .conversationNotFound
        }
        let page = found.prefix(query.limit)
        let next: JSON =
            found.count > query.limit ? page.last.map { .string($0.user.description) } ?? .null : .null
        return Router.json(
            200, JSONWriter.bytes(.object(JSONObject([("items", .array(page.map(\.json))), ("nextAfter", next)]))))
    }

    /// Removes a participant, or lets one leave.
    func respond(
        _ request: HTTPRequest, removing user: UUID, _ id: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "DELETE" else { return Router.methodNotAllowed("DELETE") }
        return try await make(.remove(user), id, origin)
    }

    private func make(
        _ change: ConversationChanges.Change, _ id: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        let outcome: ConversationChanges.Outcome
        do {
            outcome = try await changes.make(change, in: id, by: origin.identity.user)
        } catch {
            worker.log.warning("conversation can't be changed", [.conversation: .uuid(id), .error: .describing(error)])
            throw error.isOutcomeUnknown
                ? CommandError(
                    .outcomeUnknown, "No answer came in time; doing the same again is safe.", retryAfter: 1_000)
                : .unavailable()
        }
        switch outcome {
        case .notFound:
            worker.log.authorisationFailed("change", origin, id)
            throw .conversationNotFound
        case .refused(let error): throw error
        case .unchanged(let conversation):
            return Router.json(200, JSONWriter.bytes(conversation.json(to: origin.identity.user)))
        case .changed(let conversation, let announcement):
            await worker.announcer.announce(announcement, in: conversation)
            return Router.json(200, JSONWriter.bytes(conversation.json(to: origin.identity.user)))
        }
    }
}
