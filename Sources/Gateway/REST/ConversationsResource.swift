internal import Shared

/// `/api/conversations` and `/api/conversations/{id}`.
///
/// Confined to its worker's loop.
struct ConversationsResource {
    private static let maximumParticipants = 1_000
    private static let maximumTitle = 200
    /// The newest event may be an edit of an older message: the newest message is looked for among so many.
    private static let newestEvents = "10"
    private static let defaultPage = 50
    private static let maximumPage = 200

    private unowned let worker: Worker
    private let store: ConversationStore

    init(worker: Worker, store: ConversationStore) {
        self.worker = worker
        self.store = store
    }

    func respondToList(_ request: HTTPRequest, _ origin: Origin) async throws(CommandError) -> HTTPResponse {
        switch request.method {
        case "POST": try await create(request, origin.identity.user)
        case "GET", "HEAD": try await list(request, origin.identity.user)
        default: Router.methodNotAllowed("GET, HEAD, POST")
        }
    }

    func respondToOne(
        _ request: HTTPRequest, _ id: UUID, _ origin: Origin
    ) async throws(CommandError) -> HTTPResponse {
        guard request.method == "GET" || request.method == "HEAD" else { return Router.methodNotAllowed("GET, HEAD") }
        do {
            guard let conversation = try await store.read(id, for: origin.identity.user) else {
                worker.log.authorisationFailed("read", origin, id)
                throw CommandError.conversationNotFound
            }
            return Router.json(200, JSONWriter.bytes(conversation.json()))
        } catch let error as CommandError {
            throw error
        } catch {
            throw unavailable(error)
        }
    }

    // MARK: Creating

    private func create(_ request: HTTPRequest, _ creator: UUID) async throws(CommandError) -> HTTPResponse {
        let body = try Body(request.body)
        guard let kind = Conversation.Kind(rawValue: try body.string("type")) else {
            throw CommandError(.invalidField, "type must be DIRECT or GROUP.", field: "type")
        }
        var users = [creator]
        for user in try body.uuids("participantIds") where !users.contains(user) {
            guard users.count < Self.maximumParticipants else {
                throw CommandError(
                    .invalidField, "A conversation has at most \(Self.maximumParticipants) participants.",
                    field: "participantIds")
            }
            users.append(user)
        }
        if kind == .direct, users.count != 2 {
            throw CommandError(
                .invalidField, "A DIRECT conversation has two participants, you and one other.",
                field: "participantIds")
        }
        let title = try body.optionalString("title")
        if let title, title.isEmpty || title.unicodeScalars.count > Self.maximumTitle {
            throw CommandError(
                .invalidField, "title must have 1 to \(Self.maximumTitle) characters.", field: "title")
        }
        let creation: ConversationStore.Creation
        do {
            creation = try await store.create(kind, title: title, by: creator, with: users)
        } catch {
            throw unavailable(error)
        }
        switch creation {
        case .created(let conversation):
            worker.announcer.tell("created", conversation, to: conversation.participants.map(\.user))
            var response = Router.json(201, JSONWriter.bytes(conversation.json()))
            response.headers.add("Location", "/api/conversations/\(conversation.id)")
            return response
        case .existing(let conversation):
            guard conversation.isArchived else { return Router.json(200, JSONWriter.bytes(conversation.json())) }
            return ProblemDetails.response(
                status: 409, code: ErrorCode.archived.rawValue,
                detail: "The conversation of these two is archived.",
                extra: [("conversationId", .string(conversation.id.description))])
        }
    }

    // MARK: Listing

    private func list(_ request: HTTPRequest, _ user: UUID) async throws(CommandError) -> HTTPResponse {
        let query = try PageQuery(request, default: Self.defaultPage, maximum: Self.maximumPage)
        let position = try query.text("cursor").map { text throws(CommandError) in try Self.position(text) }
        let page: [ConversationStore.Listed]
        do {
            page = try await store.list(of: user, after: position, limit: query.limit + 1)
        } catch {
            throw unavailable(error)
        }
        let shown = Array(page.prefix(query.limit))
        let newest = await newestMessages(of: shown.map(\.conversation.id))
        let cursors = await cursors(of: shown)
        let items = shown.map { listed in
            let known = [newest[listed.conversation.id], listed.last.flatMap { $0.event(recipients: []) }]
            let last = known.compactMap { $0 }.max { ($0.messageID, $0.id) < ($1.messageID, $1.id) }
            return (
                activity: Self.activity(of: last) ?? listed.activity,
                json: Self.json(listed, last, cursors[listed.conversation.id])
            )
        }.sorted { $0.activity > $1.activity }
        var next: JSON = .null
        if page.count > query.limit, let last = shown.last {
            next = .string("\(last.activity).\(last.conversation.id)")
        }
        return Router.json(
            200,
            JSONWriter.bytes(
                .object(JSONObject([("items", .array(items.map(\.json))), ("nextCursor", next)]))))
    }

    /// What is only in Redis yet is newer than what PostgreSQL says; without Redis the list is a little old, but there.
    private func newestMessages(of conversations: [UUID]) async -> [UUID: Event] {
        let commands = conversations.map { id in
            let key = Keys.events(id, worker.node.partitioning.partition(of: id))
            return RedisCommand("XREVRANGE", key, "+", "-", "COUNT", Self.newestEvents)
        }
        guard let replies = try? await worker.redis.pipeline(commands) else { return [:] }
        var newest: [UUID: Event] = [:]
        for (id, reply) in zip(conversations, replies) {
            newest[id] = EventReader.events(in: reply).max { ($0.messageID, $0.id) < ($1.messageID, $1.id) }
        }
        return newest
    }

    /// What PostgreSQL says of who has read what, and where Redis knows better, that.
    private func cursors(of listed: [ConversationStore.Listed]) async -> [UUID: Cursors] {
        let ids = listed.map(\.conversation.id)
        var all: [UUID: Cursors] = [:]
        for one in listed { all[one.conversation.id] = one.conversation.cursors }
        let commands = ids.map { RedisCommand("HGETALL", Keys.cursors($0, worker.node.partitioning.partition(of: $0))) }
        guard let replies = try? await worker.redis.pipeline(commands) else { return all }
        for (id, reply) in zip(ids, replies) {
            let known = Cursors(reply)
            if !known.positions.isEmpty { all[id] = known }
        }
        return all
    }

    private static func json(_ listed: ConversationStore.Listed, _ last: Event?, _ cursors: Cursors?) -> JSON {
        var message = JSON.null
        if let last {
            var json: [UInt8] = []
            last.appendClientJSON(to: &json, cursors)
            message = (try? JSONParser.parse(json)) ?? .null
        }
        return listed.conversation.json([("lastMessage", message), ("unread", .integer(listed.unread))])
    }

    private static func activity(of event: Event?) -> Int64? {
        event.map { EventClock.milliseconds(of: $0.messageID) }
    }

    private static func position(_ cursor: String) throws(CommandError) -> ConversationStore.ListPosition {
        let parts = cursor.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let activity = Int64(parts[0]), let conversation = UUID(parts[1]) else {
            throw CommandError(.invalidField, "cursor must be a nextCursor of this list.", field: "cursor")
        }
        return ConversationStore.ListPosition(activity: activity, conversation: conversation)
    }

    private func unavailable(_ error: any Error) -> CommandError {
        worker.log.warning("PostgreSQL call failed", [.error: .describing(error)])
        return .unavailable()
    }
}
