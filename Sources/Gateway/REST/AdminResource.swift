internal import Shared

/// `/api/admin/…`, for tokens with the role `admin`.
///
/// Confined to its worker's loop.
struct AdminResource {
    private let worker: Worker

    init(worker: Worker) {
        self.worker = worker
    }

    /// `path` is what follows `/api/admin/`; nil where there is nothing at it.
    func respond(
        _ request: HTTPRequest, _ path: [Substring], _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse? {
        guard origin.identity.isAdmin else {
            worker.log.warning(
                "admin refused", [.user: .uuid(origin.identity.user), .address: .string(origin.address)])
            throw CommandError(.notAllowed, "This needs a token with the role admin.")
        }
        do throws(RedisError) {
            switch (path.count, path.first) {
            case (1, "nodes"):
                guard request.method == "GET" else { return Router.methodNotAllowed("GET") }
                return Self.list(try await SessionDirectory.nodes(worker.redis))
            case (1, "sessions"):
                guard request.method == "GET" else { return Router.methodNotAllowed("GET") }
                let text = HTTPQuery(request.query)?.first("user")
                let user = text.flatMap { UUID($0) }
                guard text == nil || user != nil else {
                    return CommandError(.invalidField, "user must be a UUID.", field: "user").response
                }
                return Self.list(try await SessionDirectory.sessions(of: user, worker.redis))
            case (2, "sessions"):
                guard request.method == "DELETE" else { return Router.methodNotAllowed("DELETE") }
                return try await end(String(path[1]), origin)
            default: return nil
            }
        } catch {
            worker.log.warning("sessions can't be read", [.error: .describing(error)])
            throw .unavailable()
        }
    }

    /// Notes the end of a session; its node ends it within a second.
    private func end(_ session: String, _ origin: Origin) async throws(RedisError) -> HTTPResponse {
        guard try await SessionDirectory.has(session: session, worker.redis) else {
            return CommandError(.notFound, "There is no such session.").response
        }
        try await Revocation.kick(session: session, worker.redis)
        worker.log.info(
            "session ended by an operator", [.session: .string(session), .user: .uuid(origin.identity.user)])
        return HTTPResponse(status: 204)
    }

    private static func list(_ items: [JSONObject]) -> HTTPResponse {
        let body = JSONObject([("items", .array(items.map { .object($0) }))])
        return Router.json(200, JSONWriter.bytes(.object(body)))
    }
}
