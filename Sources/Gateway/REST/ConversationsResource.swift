internal import Shared

/// `/api/conversations` and `/api/conversations/{id}`.
///
/// Confined to its worker's loop.
struct ConversationsResource {
    private static let maximumParticipants = 1_000
    /// So many events that only Redis may have are looked at; more unread messages than are counted.
    private static let recentEvents = "200"
    private static let defaultPage = 50
    private static let maximumPage = 200

    private let worker: Worker
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
            return Router.json(200, JSONWriter.bytes(conversation.json(to: origin.identity.user)))
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
        let title = try body.optionalString("title").map { text throws(CommandError) in
            try worker.node.config.content.title(text)
        }
        try await worker.limiter.admit(.members, creator, count: users.count)
        let creation: ConversationStore.Creation
        do {
            creation = try await store.create(kind, title: title, by: creator, with: users)
        } catch {
            throw unavailable(error)
        }
        switch creation {
        case .created(let conversation):
            worker.announcer.tellCreated(conversation, to: users)
            var response = Router.json(201, JSONWriter.bytes(conversation.json(to: creator)))
            response.headers.add("Location", "/api/conversations/\(conversation.id)")
            return response
        case .existing(let conversation):
            guard let usable = try await unarchived(conversation) else {
                return ErrorCode.archived.problem(
                    "The conversation of these two is archived.",
                    extra: [("conversationId", .string(conversation.id.description))])
            }
            return Router.json(200, JSONWriter.bytes(usable.json(to: creator)))
        }
    }

    /// The conversation itself unless it is archived, or as it is once it was taken out where only its age had archived it.
    private func unarchived(_ conversation: Conversation) async throws(CommandError) -> Conversation? {
        guard conversation.isArchived else { return conversation }
        do throws(PostgresError) {
            return try await worker.unarchiver.unarchive(conversation.id)
        } catch {
            throw unavailable(error)
        }
    }

    // MARK: Listing

    private func list(_ request: HTTPRequest, _ user: UUID) async throws(CommandError) -> HTTPResponse {
        let query = try PageQuery(request, default: Self.defaultPage, maximum: Self.maximumPage)
        let position = try query.text("cursor").map { text throws(CommandError) in
            guard let position = ConversationStore.ListPosition(text) else {
                throw CommandError(.invalidField, "cursor must be a nextCursor of this list.", field: "cursor")
            }
            return position
        }
        let page: [ConversationStore.Listed]
        do {
            page = try await store.list(of: user, after: position, limit: query.limit + 1)
        } catch {
            throw unavailable(error)
        }
        let shown = Array(page.prefix(query.limit))
        let recent = await recentEvents(of: shown)
        let cursors = await cursors(of: shown, for: user)
        let unread = try await unread(of: user, shown, recent, cursors)
        var items: [(activity: Int64, json: JSON)] = []
        for listed in shown {
            let id = listed.conversation.id
            // Whoever was removed meanwhile gets nothing that was accepted since.
            guard let unread = unread[id] else { continue }
            let last = await newest(of: listed, recent[id] ?? [])
            items.append(
                (
                    Self.activity(of: last) ?? listed.activity,
                    Self.json(listed, to: user, last, cursors[id]?.all, unread)
                ))
        }
        items.sort { $0.activity > $1.activity }
        var next: JSON = .null
        if page.count > query.limit, let last = shown.last {
            next = .string(last.position.text)
        }
        return Router.json(
            200,
            JSONWriter.bytes(
                .object(JSONObject([("items", .array(items.map(\.json))), ("nextCursor", next)]))))
    }

    /// What Redis has behind the last message that PostgreSQL is known to have, newest first; without Redis the list is a little old,
    /// but there.
    private func recentEvents(of listed: [ConversationStore.Listed]) async -> [UUID: [Event]] {
        let commands = listed.map { one in
            let id = one.conversation.id
            let key = Keys.events(id, worker.node.partitioning.partition(of: id))
            return RedisCommand("XREVRANGE", key, "+", "(\(one.last?.id ?? .zero)-0", "COUNT", Self.recentEvents)
        }
        guard let replies = try? await worker.bulk.pipeline(commands) else { return [:] }
        var recent: [UUID: [Event]] = [:]
        for (one, reply) in zip(listed, replies) { recent[one.conversation.id] = EventReader.events(in: reply) }
        return recent
    }

    /// A conversation's newest message; without its content where that can't be opened.
    private func newest(of listed: ConversationStore.Listed, _ recent: [Event]) async -> Event? {
        let known = recent + [listed.last.flatMap { $0.event(recipients: []) }].compactMap { $0 }
        guard let last = known.max(by: { ($0.messageID, $0.id) < ($1.messageID, $1.id) }) else { return nil }
        guard let vault = worker.vault else { return last }
        return (try? await vault.open([last], of: listed.conversation.id))?.first ?? last.opened(by: nil).event
    }

    /// How many messages of others the user hasn't read: those that PostgreSQL has, and those behind them in Redis.
    private func unread(
        of user: UUID, _ listed: [ConversationStore.Listed], _ recent: [UUID: [Event]], _ known: [UUID: Known]
    ) async throws(CommandError) -> [UUID: Int64] {
        let places = listed.map { one in
            ConversationStore.Unread(
                conversation: one.conversation.id, read: known[one.conversation.id]?.read ?? .zero,
                last: one.last?.id ?? .zero)
        }
        var counts: [UUID: Int64]
        do {
            counts = try await store.unread(of: user, places)
        } catch {
            throw unavailable(error)
        }
        for place in places {
            // Of a message that was changed Redis has one event, too: the last.
            let waiting = (recent[place.conversation] ?? []).count { event in
                event.messageID > max(place.read, place.last) && event.head.kind != .deleted && event.sender != user
            }
            guard let stored = counts[place.conversation] else { continue }
            counts[place.conversation] = min(stored + Int64(waiting), Int64(ConversationStore.maximumUnread))
        }
        return counts
    }

    /// What is known of who has read a conversation.
    private struct Known {
        /// Of everybody, where anybody asks.
        var all: Cursors
        /// Up to where the user has read it.
        var read: EventID
    }

    /// What PostgreSQL says of who has read what, and where Redis knows of more, that.
    private func cursors(of listed: [ConversationStore.Listed], for user: UUID) async -> [UUID: Known] {
        var known: [UUID: Known] = [:]
        let commands = listed.map { one in
            let conversation = one.conversation
            let all = conversation.cursors
            known[conversation.id] = Known(all: all, read: conversation.participant(user)?.position.read ?? .zero)
            let key = Keys.cursors(conversation.id, worker.node.partitioning.partition(of: conversation.id))
            return all.positions.isEmpty ? RedisCommand("HMGET", key, "r:\(user)") : RedisCommand("HGETALL", key)
        }
        guard let replies = try? await worker.bulk.pipeline(commands) else { return known }
        for (one, reply) in zip(listed, replies) {
            let id = one.conversation.id
            guard var found = known[id] else { continue }
            if found.all.positions.isEmpty {
                found.read = max(found.read, reply.elements?.first?.eventID ?? .zero)
            } else {
                found.all.advance(by: Cursors(reply))
                found.read = found.all.positions[user]?.read ?? found.read
            }
            known[id] = found
        }
        return known
    }

    private static func json(
        _ listed: ConversationStore.Listed, to user: UUID, _ last: Event?, _ cursors: Cursors?, _ unread: Int64
    ) -> JSON {
        var message = JSON.null
        if let last {
            var json: [UInt8] = []
            last.appendClientJSON(to: &json, cursors)
            message = (try? JSONParser.parse(json)) ?? .null
        }
        return listed.conversation.json(
            showing: Conversation.listedParticipants, to: user,
            [("lastMessage", message), ("unread", .integer(unread))])
    }

    private static func activity(of event: Event?) -> Int64? {
        event?.messageID.milliseconds
    }

    private func unavailable(_ error: any Error) -> CommandError {
        worker.log.warning("PostgreSQL call failed", [.error: .describing(error)])
        return .unavailable()
    }
}
