internal import Shared

/// `/api/conversations/{id}/messages`.
///
/// Confined to its worker's loop.
struct MessagesResource {
    private static let defaultPage = 50
    private static let maximumPage = 200

    private let worker: Worker
    private let history: HistoryReader

    init(worker: Worker) {
        self.worker = worker
        history = HistoryReader(
            redis: worker.bulk, postgres: worker.postgres, partitioning: worker.node.partitioning,
            vault: worker.vault)
    }

    func respond(
        _ request: HTTPRequest, _ conversation: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        switch request.method {
        case "GET", "HEAD": try await page(request, conversation, origin)
        case "POST": try await send(request, conversation, origin)
        default: Router.methodNotAllowed("GET, HEAD, POST")
        }
    }

    /// Notes how far the user has read.
    func respondToRead(
        _ request: HTTPRequest, _ conversation: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "POST" else { return Router.methodNotAllowed("POST") }
        let outcome = await worker.controller.moveCursor(
            request.body, isRead: true, conversation: conversation, from: origin)
        if case .refused(let error, _) = outcome { throw error }
        return HTTPResponse(status: 204)
    }

    /// Edits or deletes one message.
    func respond(
        _ request: HTTPRequest, _ conversation: UUID, message: EventID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "PATCH" || request.method == "DELETE" else {
            return Router.methodNotAllowed("PATCH, DELETE")
        }
        let command = try ChangeCommand(
            conversation: conversation, message: message, edit: request.method == "PATCH" ? request.body : nil,
            rules: worker.node.config.content)
        switch await worker.controller.change(command, from: origin) {
        case .refused(let error, _): throw error
        case .sent, .done: return HTTPResponse(status: 204)
        case .changed(_, let eventID):
            let body = JSONObject([
                ("conversationId", .string(conversation.description)), ("messageId", .id(message)),
                ("eventId", .id(eventID)),
            ])
            return Router.json(200, JSONWriter.bytes(.object(body)))
        }
    }

    private func page(
        _ request: HTTPRequest, _ conversation: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        let query = try PageQuery(request, default: Self.defaultPage, maximum: Self.maximumPage)
        let before = try query.eventID("before")
        let after = try query.eventID("after")
        guard before == nil || after == nil else {
            throw CommandError(.invalidField, "before and after exclude each other.", field: "after")
        }
        try await requireMember(conversation, origin)
        let cursors = await worker.cursors.cursors(of: conversation)
        let start: HistoryReader.Start = after.map { .after($0) } ?? .before(before ?? .highest)
        let page: HistoryPage
        let items: [Event]
        do throws(ReadError) {
            (page, items) = try await history.page(of: conversation, start, limit: query.limit)
        } catch {
            worker.log.warning(
                "history can't be read", [.conversation: .uuid(conversation), .error: .string("\(error)")])
            throw CommandError.unavailable()
        }
        // Who was removed meanwhile gets nothing that was accepted since.
        try await requireMember(conversation, origin)
        return after != nil
            ? Self.response(items, cursors, page.lowest, page.hasMore ? page.highest : nil)
            : Self.response(items, cursors, page.hasMore ? page.lowest : nil, page.highest)
    }

    private func requireMember(_ conversation: UUID, _ origin: Origin) async throws(CommandError) {
        switch await worker.membership.check(origin.identity.user, in: conversation) {
        case .member: break
        case .unavailable: throw CommandError.unavailable()
        case .notMember, .notFound:
            worker.log.authorisationFailed("history", origin, conversation)
            throw CommandError.conversationNotFound
        }
    }

    private static func response(
        _ items: [Event], _ cursors: Cursors, _ nextBefore: EventID?, _ nextAfter: EventID?
    ) -> HTTPResponse {
        var body = Array(#"{"items":["#.utf8)
        for (position, item) in items.enumerated() {
            if position > 0 { body.append(UInt8(ascii: ",")) }
            item.appendClientJSON(to: &body, cursors)
        }
        let before = nextBefore?.description ?? "null"
        let after = nextAfter?.description ?? "null"
        body.append(contentsOf: #"],"nextBefore":\#(before),"nextAfter":\#(after)}"#.utf8)
        return Router.json(200, body)
    }

    private func send(
        _ request: HTTPRequest, _ conversation: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        let outcome: WebSocketController.Outcome = await withCheckedContinuation { continuation in
            worker.controller.sendMessage(request.body, conversation: conversation, from: origin) {
                continuation.resume(returning: $0)
            }
        }
        switch outcome {
        case .refused(let error, _): throw error
        case .done, .changed: return HTTPResponse(status: 204)
        case .sent(let command, let id):
            let body = JSONObject([
                ("clientMessageId", .string(command.clientMessageID)),
                ("conversationId", .string(conversation.description)), ("messageId", .id(id)),
                ("status", .string("SENT")),
            ])
            return Router.json(201, JSONWriter.bytes(.object(body)))
        }
    }
}
