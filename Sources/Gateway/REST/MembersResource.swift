internal import Shared

/// `/api/conversations/{id}/participants`, `/archive` and `/unarchive`.
///
/// Confined to its worker's loop.
struct MembersResource {
    private let worker: Worker
    private let changes: ConversationChanges

    init(worker: Worker) {
        self.worker = worker
        changes = ConversationChanges(
            postgres: worker.postgres, redis: worker.redis, partitioning: worker.node.partitioning)
    }

    /// Adds a participant, archives or unarchives.
    func respond(
        _ request: HTTPRequest, _ action: String, _ id: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
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
        case .unchanged(let conversation): return Router.json(200, JSONWriter.bytes(conversation.json()))
        case .changed(let conversation, let announcement):
            await worker.announcer.announce(announcement, in: conversation)
            return Router.json(200, JSONWriter.bytes(conversation.json()))
        }
    }
}
