internal import Shared

/// One event loop and everything that is confined to it: its connections, its connection to Redis, what its sessions
/// listen to.
final class Worker {
    /// Milliseconds between two tries to write a log whose reader is slow.
    private static let logRetry: Int64 = 50

    let index: Int
    let loop: EventLoop
    let node: NodeContext
    let metrics: GatewayMetrics
    let log: Logger
    let redis: RedisConnection
    let bulk: RedisConnection
    let postgres: PostgresPool
    /// For what must not wait behind histories and lists.
    let essential: PostgresPool
    let vault: ContentVault?
    /// Where the bytes of uploaded files are; nil where none are taken.
    let fileStore: (any FileStore)?
    let files: FileCatalogue
    let loader: ConversationLoader
    let membership: Membership
    let reader: EventReader
    let messages: MessageReader
    let cursors: CursorStore
    let pages: PageReader
    let inbox: Inbox
    let writePath: WritePath
    let changes: ConversationChanges
    let rooms: Rooms
    let userQueues: UserQueues
    let sessions: UserSessionRegistry
    var sessionIndex = SessionIndex<ClientSession>()
    let publishLog: PublishLogger
    let limiter: RateLimiter
    let connections: ConnectionSet
    private let turnedAway: TurnedAway
    let compression: CompressionPool
    private(set) lazy var controller = WebSocketController(worker: self)
    private(set) lazy var announcer = Announcer(worker: self)
    private(set) lazy var unarchiver = Unarchiver(changes, announcer)
    private(set) lazy var router = Router(worker: self)
    /// What clients' connections are encrypted with; nil where they aren't.
    var tls: TLSContext?
    private var listeners: [Listener] = []

    /// Makes a worker before its loop runs; `stores` are the connections that it uses.
    init(index: Int, loop: EventLoop, loops: Int, node: NodeContext, stores: Stores, hub: LoopReference<Hub>) {
        self.index = index
        self.loop = loop
        self.node = node
        metrics = node.metrics
        tls = node.certificate?.initial
        log = stores.log
        redis = stores.redis
        bulk = stores.bulk
        postgres = stores.postgres
        essential = stores.essential
        vault = stores.vault
        fileStore = node.files?.store(on: loop, loops: loops, node.metrics)
        files = FileCatalogue(node, store: fileStore, postgres: postgres, log: log)
        loader = stores.loader
        membership = stores.membership
        reader = stores.reader
        inbox = Inbox(redis: bulk, postgres: postgres, partitioning: node.partitioning) { node.inboxEpoch }
        cursors = CursorStore(
            node: node, redis: redis, bulk: bulk, postgres: stores.essential, loader: loader, loop: loop)
        pages = PageReader(
            reader: reader, redis: bulk, partitioning: node.partitioning, loader: loader, cursors: cursors)
        messages = MessageReader(
            redis: redis, postgres: postgres, partitioning: node.partitioning, vault: vault)
        writePath = WritePath(node: node, redis: redis, loader: loader, vault: vault, loop: loop)
        changes = ConversationChanges(postgres: essential, redis: redis, partitioning: node.partitioning)
        rooms = Rooms(worker: index, loop: loop, hub: hub)
        userQueues = UserQueues(worker: index, loop: loop, hub: hub)
        sessions = UserSessionRegistry(
            node: node.id, redis: redis, limit: node.config.maximumSessionsPerUser, loop: loop)
        publishLog = PublishLogger(node.config.logPublish, log, loop)
        limiter = RateLimiter(node.config.rates, redis: redis, metrics: metrics, log: log, loops: loops)
        connections = ConnectionSet(
            loop: loop, stalledTimeout: node.config.webSocket.stalledTimeout,
            unsentLimit: node.config.webSocket.unsentBytes(ofEach: loops))
        connections.stalled = { [metrics] in metrics.stalledConnections.increment() }
        connections.dismissed = { node.dismiss() }
        connections.refused = { [metrics, log] address, reason in
            metrics.greetingsFailed.increment()
            log.info("connection refused", [.address: .string(address), .reason: .string(reason)])
        }
        turnedAway = TurnedAway(loop: loop, maximum: max(1, node.descriptors.turnedAway / loops))
        compression = CompressionPool(minimumMessage: node.config.webSocket.compressionMinimum)
        writePath.seen = { [rooms] conversation in rooms.position(of: conversation) }
        pages.seen = { [rooms] conversation in rooms.position(of: conversation) }
        rooms.passedOver = { [pages] conversation in pages.passedOver(conversation) }
        writePath.unarchive = { [weak self] conversation, completion in
            loop.spawn { completion(await self?.unarchiver.outcome(conversation) ?? .unavailable("the node ends")) }
        }
        let forks = stores.forks
        writePath.forkFound = { [rooms] conversation in
            loop.spawn { await forks.repair(conversation, seen: rooms.position(of: conversation)) }
        }
        let connectionMetrics = ConnectionMetrics(metrics.registry, loop: index)
        loop.atEndOfTurn(.log) { [weak self, connections] in
            connectionMetrics.note(connections)
            self?.flushLog()
        }
    }

    /// When to look at which connection again.
    var wheel: LivenessWheel { connections.wheel }

    /// Opens the connections to Redis; those to PostgreSQL open when they are needed.
    func start() {
        redis.start()
        bulk.start()
    }

    /// Starts to accept clients; an operator's listener serves health checks and metrics only.
    func listen(on address: SocketAddress, sharing: Socket.Sharing, isOperator: Bool) throws(SystemError) {
        let listener = try Listener(address, sharing: sharing, on: loop) { [weak self] accepted in
            self?.accept(accepted, isOperator: isOperator)
        }
        listeners.append(listener)
    }

    func stopListening() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    private func accept(_ accepted: Socket.Accepted, isOperator: Bool) {
        // Before any cryptography: who can't be served must cost next to nothing. An operator always can.
        guard node.admit() || isOperator else {
            node.dismiss()
            metrics.connectionsTurnedAway.increment()
            return turnedAway.take(accepted, isSecure: tls != nil)
        }
        do {
            let connection = try connection(accepted, isOperator: isOperator)
            let service: HTTPPeer.Service = isOperator ? .operations : node.config.operatorOnly ? .clients : .everything
            connection.peer = HTTPPeer(connection: connection, worker: self, service: service)
        } catch {
            log.error("connection can't be taken", [.error: .describing(error)])
            node.dismiss()
            SystemCall.close(accepted.descriptor)
        }
    }

    private func connection(_ accepted: Socket.Accepted, isOperator: Bool) throws -> Connection {
        let isTrusted = node.config.security.trustedProxies.contains(accepted.peer?.host ?? "")
        let context = isOperator ? nil : tls
        let stream = try context.map { try TLSStream(server: $0, accepted.descriptor) }
        return try connections.add(
            accepted, tls: stream, greeting: Greeting(isFromProxy: isTrusted, isSecure: stream != nil),
            lookingAt: loop.now + node.config.webSocket.handshakeTimeout)
    }

    /// Takes what the hub has for this worker's sessions.
    func receive(_ deliveries: [Delivery]) {
        for delivery in deliveries {
            switch delivery {
            case .event(let event, let isBehindHole, let lacking):
                let frames = EventFrames(event, isBehindHole: isBehindHole)
                // The topic first: whoever has it doesn't get the event on the user's queue.
                rooms.deliver(event, frames)
                userQueues.deliver(event, frames, lacking: lacking)
            case .stray(let event):
                let frames = EventFrames(event)
                rooms.deliver(stray: event, frames)
                userQueues.deliver(stray: event, frames)
            case .gap(let conversation, let recipients, let event):
                rooms.fallBehind(in: conversation, upTo: event)
                userQueues.fallBehind(recipients)
            case .interrupted(let user): userQueues.fallBehind([user])
            case .typing(let notice): rooms.deliver(notice)
            case .members(let conversation, let verdict): rooms.enforce(verdict, in: conversation)
            case .conversationNotice(let user, let json): userQueues.deliver(notice: json, to: user)
            case .receipt(let user, let json): userQueues.deliver(receipt: json, to: user)
            case .groupNotice(let notice):
                for user in rooms.listeners(of: notice.conversation) where user != notice.subject {
                    userQueues.deliver(notice: notice.json, to: user, withTopicOf: notice.conversation)
                }
            case .cursors(let notice): deliver(notice)
            }
        }
    }

    /// Tells those who wrote something of what was got or read, of a group whose topic their sessions have.
    private func deliver(_ notice: CursorNotice) {
        for move in notice.moves {
            let json = move.json(in: notice.conversation)
            for user in rooms.authors(in: notice.conversation, concernedBy: move) {
                userQueues.deliver(receipt: json, to: user, withTopicOf: notice.conversation)
            }
        }
    }

    /// Closes what is left after the sessions have been told to go; transfers under way are brought to their end.
    func closeIdle() {
        for connection in connections.all { (connection.peer as? HTTPPeer)?.leave() }
        for session in clientSessions { session.leaveForAnotherNode() }
    }

    /// The sessions of this worker.
    var clientSessions: [ClientSession] { connections.all.compactMap { $0.peer as? ClientSession } }

    private func flushLog() {
        guard !log.flush() else { return }
        loop.schedule(after: Self.logRetry) {}
    }
}
