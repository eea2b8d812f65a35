internal import Shared

/// Finds who answers an HTTP request.
///
/// Confined to its worker's loop.
final class Router {
    private let worker: Worker
    private let crossOrigin: CrossOrigin
    private let operations: Operations
    private let conversations: ConversationsResource
    private let messages: MessagesResource
    private let members: MembersResource
    private let tickets: TicketsResource
    private let files: FilesResource
    private let admin: AdminResource

    init(worker: Worker) {
        self.worker = worker
        crossOrigin = CrossOrigin(allowed: worker.node.config.security.allowedOrigins)
        operations = Operations(node: worker.node)
        let store = ConversationStore(worker.postgres)
        conversations = ConversationsResource(worker: worker, store: store)
        messages = MessagesResource(worker: worker)
        members = MembersResource(worker: worker, store: store)
        tickets = TicketsResource(worker: worker)
        files = FilesResource(worker: worker)
        admin = AdminResource(worker: worker)
    }

    /// Who sends a request whose content hasn't been read yet; nil where nothing is to be read of it: `respond` says why.
    func admit(_ request: HTTPRequest, _ service: HTTPPeer.Service) async -> Identity? {
        guard service != .operations, request.path.hasPrefix("/api/"),
            case .success(let identity) = await authenticate(request)
        else { return nil }
        return identity
    }

    /// Answers a request; `content` is what comes piece by piece of an upload, and `identity` who is known to send it.
    func respond(
        to request: HTTPRequest, _ content: ContentStream?, _ service: HTTPPeer.Service, from address: String,
        identity: Identity? = nil
    ) async -> Answer {
        if service != .clients, let response = operations.respond(to: request) { return Answer(response) }
        guard service != .operations else { return Answer(Self.notFound) }
        if let response = WebAssets.respond(to: request) { return Answer(response) }
        if request.path == "/ws/info" {
            return Answer(
                ErrorCode.notFound.problem("SockJS isn't offered; open a plain WebSocket at /ws."))
        }
        // OPTIONS * asks about the server as a whole (RFC 9110, section 9.3.7).
        if request.path == "*", let response = crossOrigin.respond(to: request) { return Answer(response) }
        guard request.path.hasPrefix("/api/") else { return Answer(Self.notFound) }
        var answer: Answer
        if let preflight = crossOrigin.respond(to: request) {
            answer = Answer(preflight)
        } else {
            // HEAD is GET without the content (RFC 9110, section 9.3.2), which the writer leaves out; ranges are for GET (14.2).
            var request = request
            if request.method == "HEAD" {
                request.method = "GET"
                request.headers.remove("Range")
            }
            answer = await respondToAPI(request, content, address, identity)
        }
        crossOrigin.allowReading(&answer.response, by: request)
        return answer
    }

    private func respondToAPI(
        _ request: HTTPRequest, _ content: ContentStream?, _ address: String, _ known: Identity?
    ) async -> Answer {
        let segments = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2)
        do throws(CommandError) {
            // A signed link stands for the token of who has asked for it.
            if let file = Self.file(segments), segments.count == 2,
                HTTPQuery(request.query)?.first("signature") != nil
            {
                // Whoever has it is known by nothing else.
                try await worker.limiter.admit(.reads, .address(address))
                return try await files.respond(request, file, nil)
            }
            let origin: Origin
            let authenticated: Result<Identity, HandshakeRefusal> =
                if let known { .success(known) } else { await authenticate(request) }
            switch authenticated {
            case .success(let identity): origin = Origin(identity: identity, session: nil, address: address)
            case .failure(let refusal):
                worker.metrics.httpRequestsRefused.increment()
                worker.log.warning("request refused", [.code: .string(refusal.code), .address: .string(address)])
                return Answer(refusal.response)
            }
            if let kind = RateKind(request.method, segments) {
                try await worker.limiter.admit(kind, origin.identity.user)
            }
            if let file = Self.file(segments), segments.count == 2 {
                return try await files.respond(request, file, origin)
            }
            return Answer(try await respond(to: request, content, segments, origin))
        } catch {
            worker.metrics.httpRequestsRefused.increment()
            // What comes too fast is logged once per pause.
            if error.code != .tooFast {
                worker.log.info(
                    "request refused",
                    [
                        .code: .string(error.code.rawValue), .method: .string(request.method),
                        .path: .string(request.path), .address: .string(address),
                    ])
            }
            return Answer(error.response)
        }
    }

    private func respond(
        to request: HTTPRequest, _ content: ContentStream?, _ segments: ArraySlice<Substring>, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
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
            guard let message = EventID(Array(segments[segments.startIndex + 3].utf8)) else {
                return Self.notFound
            }
            return try await messages.respond(
                request, try Self.conversation(segments), message: message, origin)
        case (4, "conversations") where segments[segments.startIndex + 2] == "participants":
            guard let user = UUID(segments[segments.startIndex + 3]) else { return Self.notFound }
            return try await members.respond(request, removing: user, try Self.conversation(segments), origin)
        case (1, "tickets"): return try await tickets.respond(request, origin)
        case (1, "files"): return try await files.respond(request, content, origin)
        case (2, "files") where segments.last == "quota": return try await files.respondWithQuota(request, origin)
        case (3, "files") where segments.last == "link":
            guard let file = Self.file(segments) else { return Self.notFound }
            return try await files.respondWithLink(request, file, origin)
        case (_, "admin"):
            return try await admin.respond(request, Array(segments.dropFirst()), origin) ?? Self.notFound
        default: return Self.notFound
        }
    }

    /// The file that a path names.
    private static func file(_ segments: ArraySlice<Substring>) -> UUID? {
        guard segments.count >= 2, segments.first == "files" else { return nil }
        return UUID(segments[segments.startIndex + 1])
    }

    private func authenticate(_ request: HTTPRequest) async -> Result<Identity, HandshakeRefusal> {
        guard let header = request.headers.first("Authorization"),
            let token = JwtHandshakeInterceptor.bearerToken(header)
        else {
            return .failure(HandshakeRefusal(.token, .tokenMissing, "The request needs Authorization: Bearer."))
        }
        do {
            return .success(try await worker.identity(token: token))
        } catch {
            return .failure(HandshakeRefusal(.token, .tokenRefused, error.description))
        }
    }

    /// The conversation that a path names; a text that isn't a UUID names none.
    private static func conversation(_ segments: ArraySlice<Substring>) throws(CommandError) -> UUID {
        guard let conversation = UUID(segments[segments.startIndex + 1]) else { throw .conversationNotFound }
        return conversation
    }

    private static let notFound = ErrorCode.notFound.problem("There is nothing at this address.")

    /// 405 with the methods that are allowed (RFC 9110, section 15.5.6).
    static func methodNotAllowed(_ allowed: String) -> HTTPResponse {
        var response = ErrorCode.methodNotAllowed.problem("Allowed here: \(allowed).")
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
