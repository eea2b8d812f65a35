internal import Shared

/// Finds who answers an HTTP request.
///
/// Confined to its worker's loop.
final class Router {
    private unowned let worker: Worker
    private let crossOrigin: CrossOrigin
    private let operations: Operations
    private let conversations: ConversationsResource
    private let messages: MessagesResource
    private let members: MembersResource
    private let tickets: TicketsResource
    private let admin: AdminResource

    init(worker: Worker) {
        self.worker = worker
        crossOrigin = CrossOrigin(allowed: worker.node.config.security.allowedOrigins)
        operations = Operations(node: worker.node)
        let store = ConversationStore(worker.postgres)
        conversations = ConversationsResource(worker: worker, store: store)
        messages = MessagesResource(worker: worker)
        members = MembersResource(worker: worker)
        tickets = TicketsResource(worker: worker)
        admin = AdminResource(worker: worker)
    }

    func respond(to request: HTTPRequest, _ service: HTTPPeer.Service, from address: String) async -> HTTPResponse {
        if service != .clients, let response = operations.respond(to: request) { return response }
        guard service != .operations else { return Self.notFound }
        if let response = WebAssets.respond(to: request) { return response }
        if request.path == "/ws/info" {
            return ProblemDetails.response(
                status: 404, code: "not-found",
                detail: "SockJS isn't offered; open a plain WebSocket at /ws.")
        }
        // OPTIONS * asks about the server as a whole (RFC 9110, section 9.3.7).
        if request.path == "*", let response = crossOrigin.respond(to: request) { return response }
        guard request.path.hasPrefix("/api/") else { return Self.notFound }
        var response: HTTPResponse
        if let preflight = crossOrigin.respond(to: request) {
            response = preflight
        } else {
            // HEAD is GET without the content (RFC 9110, section 9.3.2), which the writer leaves out.
            var request = request
            if request.method == "HEAD" { request.method = "GET" }
            response = await respondToAPI(request, address)
        }
        crossOrigin.allowReading(&response, by: request)
        return response
    }

    private func respondToAPI(_ request: HTTPRequest, _ address: String) async -> HTTPResponse {
        let origin: Origin
        switch await authenticate(request) {
        case .success(let identity): origin = Origin(identity: identity, session: nil, address: address)
        case .failure(let refusal):
            worker.log.warning("request refused", [.code: .string(refusal.code), .address: .string(address)])
            return refusal.response
        }
        let segments = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2)
        do throws(CommandError) {
            switch (segments.count, segments.first) {
            case (1, "conversations"): return try await conversations.respondToList(request, origin)
            case (2, "conversations"):
                return try await conversations.respondToOne(request, try Self.conversation(segments), origin)
            case (3, "conversations") where segments.last == "messages":
                return try await messages.respond(request, try Self.conversation(segments), origin)
            case (3, "conversations") where segments.last == "read":
                return try await messages.respondToRead(request, try Self.conversation(segments), origin)
            case (3, "conversations") where ["participants", "archive", "unarchive"].contains(segments.last):
                return try await members.respond(
                    request, String(segments.last ?? ""), try Self.conversation(segments), origin)
            case (4, "conversations") where segments[segments.startIndex + 2] == "messages":
                guard let message = Decimal.parse(Array(segments[segments.startIndex + 3].utf8)) else {
                    return Self.notFound
                }
                return try await messages.respond(
                    request, try Self.conversation(segments), message: message, origin)
            case (4, "conversations") where segments[segments.startIndex + 2] == "participants":
                guard let user = UUID(segments[segments.startIndex + 3]) else { return Self.notFound }
                return try await members.respond(request, removing: user, try Self.conversation(segments), origin)
            case (1, "tickets"): return try await tickets.respond(request, origin)
            case (_, "admin"):
                return try await admin.respond(request, Array(segments.dropFirst()), origin) ?? Self.notFound
            default: return Self.notFound
            }
        } catch {
            return error.response
        }
    }

    private func authenticate(_ request: HTTPRequest) async -> Result<Identity, HandshakeRefusal> {
        guard let header = request.headers.first("Authorization"),
            let token = JwtHandshakeInterceptor.bearerToken(header)
        else {
            return .failure(HandshakeRefusal(.token, "token-missing", "The request needs Authorization: Bearer."))
        }
        do {
            return .success(try await worker.identity(token: token))
        } catch {
            return .failure(HandshakeRefusal(.token, "token-refused", error.description))
        }
    }

    /// The conversation that a path names; a text that isn't a UUID names none.
    private static func conversation(_ segments: ArraySlice<Substring>) throws(CommandError) -> UUID {
        guard let conversation = UUID(segments[segments.startIndex + 1]) else { throw .conversationNotFound }
        return conversation
    }

    private static let notFound = ProblemDetails.response(
        status: 404, code: "not-found", detail: "There is nothing at this address.")

    /// 405 with the methods that are allowed (RFC 9110, section 15.5.6).
    static func methodNotAllowed(_ allowed: String) -> HTTPResponse {
        var response = ProblemDetails.response(
            status: 405, code: "method-not-allowed", detail: "Allowed here: \(allowed).")
        response.headers.add("Allow", allowed)
        return response
    }

    /// A response with a JSON body.
    static func json(_ status: Int, _ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: HTTPHeaders([("Content-Type", "application/json"), ("Cache-Control", "no-store")]), body: body)
    }
}
