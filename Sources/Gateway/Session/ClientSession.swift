internal import Shared

/// One client's session: STOMP over WebSocket, from the handshake to the close.
///
/// Frames are handled strictly in order, as `SessionOrder` says. Confined to its worker's loop.
final class ClientSession: Peer {
    enum Phase {
        case awaitingConnect
        case connecting
        case connected
        /// DISCONNECT was answered: the client has until then (monotonic ms) to close.
        case leaving(deadline: Int64)
        case ended
    }

    /// A conversation that the session hears by its topic, and so not on the user's queue.
    struct Topic {
        /// Where it begins, and whether its user's cursor may move with it.
        var start: DeliveryStart
        /// How many subscriptions it has.
        var count = 0
    }

    /// Once this many times the size of the queue waits to be taken by a client, nothing more of his is read: beyond once its size
    /// subscriptions fall behind, so that only replies can get there.
    private static let chokingQueues = 2
    /// Once this many times the size of the queue waits, and what the SENDs that were read before reading paused are answered, the
    /// session ends: replies and notices can't be read again as events can, and what others cause must not fill the node by a client
    /// that takes nothing.
    private static let endingQueues = 4
    private static let pendingReplyBytes = 1 << 20
    /// Subscriptions to its user's queues that a session may have; each gets a copy of the same.
    static let maximumQueueSubscriptions = 16

    let id: String
    /// Changes with `/app/auth.refresh`, but for the user.
    private(set) var identity: Identity
    let worker: Worker
    let connection: Connection
    let connectedAt = WallClock.nowMilliseconds()
    var phase = Phase.awaitingConnect
    var webSocket: WebSocketConnection
    var order: SessionOrder<Reply>
    var heartBeat: HeartBeatMonitor?
    var subscriptions: [String: Subscription] = [:]
    /// Those of them that replies and refusals are told on.
    var replyQueues: [Subscription] = []
    var nextWindow: Int64 = 0
    /// Those of them whose messages wait for their ACK, by the number of their window.
    var windows: [Int64: Subscription] = [:]
    /// In STOMP 1.0, the messages that wait.
    var awaiting = AckIndex()
    /// The conversations whose topic the session has.
    var topics: [UUID: Topic] = [:]
    /// The subscriptions that read pages for themselves do so one after the other: each page is as large as the queue may be, and an
    /// empty socket would else be taken for room by all of them at once.
    private(set) lazy var pages = Turns()
    /// Subscriptions that wait for the socket to drain.
    var drainWaiters: [() -> Void] = []
    /// When the ping that waits for its pong was sent (monotonic ms).
    var pingSentAt: Int64?
    var lastPingAt: Int64
    var silence = SilenceClock()
    /// Whether the node is about to stop.
    var isLeavingNode = false
    let startedAt: Int64
    private(set) lazy var typing = TypingState(loop: worker.loop) { [weak self] conversation, isTyping in
        self?.publishTyping(conversation, isTyping)
    }
    var deliveries = DeliveryTracker()
    /// What is left of the frames that its user's bucket has given.
    var frames = FrameBudget()
    /// Whether the user's queue had caught up before the ping that is awaited was sent.
    var queueWasLive = false

    /// `startedAt` (monotonic ms) is when the handshake began.
    init(
        identity: Identity, connection: Connection, worker: Worker, compression: PermessageDeflate?,
        startedAt: Int64? = nil
    ) {
        id = UUID.random().description
        self.identity = identity
        self.connection = connection
        self.worker = worker
        let config = worker.node.config.webSocket
        webSocket = WebSocketConnection(
            maximumFrame: config.maximumFrame, maximumMessage: config.maximumMessage,
            compression: compression.map { ($0, worker.compression) })
        let stomp = StompSession(
            limits: config.stomp, offer: StompHeartBeatOffer(send: config.heartBeat, expect: config.heartBeat))
        order = SessionOrder(stomp: stomp, decoder: StompDecoder(limits: config.stomp))
        self.startedAt = startedAt ?? worker.loop.now
        lastPingAt = worker.loop.now
    }

    /// A newer token of the same user.
    func takeOver(_ newer: Identity) {
        guard !isEnded else { return }
        worker.sessionIndex.remove(self, id, identity)
        identity = newer
        worker.sessionIndex.add(self, id, identity)
    }

    /// What was agreed on in CONNECT.
    var version: StompVersion { order.stomp.version }

    var origin: Origin { Origin(identity: identity, session: id, address: connection.clientAddress) }

    var isEnded: Bool {
        if case .ended = phase { true } else { false }
    }

    /// Whether the session takes more messages, or is behind.
    var takesMore: Bool { !isEnded && connection.queuedBytes < worker.node.config.webSocket.sendQueueBytes }

    func hasTopic(of conversation: UUID) -> Bool { topics[conversation] != nil }

    // MARK: What comes in

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        heartBeat?.received(at: worker.loop.now)
        guard order.enter() else { return }
        var isRead = false
        while !isRead, !order.isPaused, !isHeldUp, !isEnded {
            switch webSocket.next(&buffer, &available) {
            case .needMore: isRead = true
            case .send(let frame): send(frame)
            case .pong(let payload): ponged(payload)
            case .closed(let code): transportEnds(code)
            case .message(.inPlace(let range), _): takeSteps(buffer, range)
            case .message(.assembled(let payload), _): takeSteps(payload, 0..<payload.count)
            }
        }
        order.leave()
        settleReading()
    }

    /// Whether the client sends without taking the answers.
    var isChoked: Bool {
        connection.queuedBytes > Self.chokingQueues * worker.node.config.webSocket.sendQueueBytes
    }

    /// Does what can be done now: something that others waited for has happened.
    func goOn() {
        guard !isEnded, order.enter() else { return }
        takeSteps([], 0..<0)
        order.leave()
        settleReading()
        goElsewhereWhenAnswered()
    }

    private func takeSteps(_ bytes: [UInt8], _ range: Range<Int>) {
        var range = range
        while !isEnded, let step = order.next(bytes, &range, isChoked: isHeldUp) {
            switch step {
            case .tell(let reply): tell(reply)
            case .start(let action, let place):
                countFrame()
                start(action, place)
            case .perform(let action):
                countFrame()
                perform(action)
            case .fail(let failure): fail(failure)
            }
        }
    }

    /// Reads on, or lets the client wait. By the outermost only: what is read on is handled at once.
    private func settleReading() {
        guard !isEnded else { return }
        // A client that doesn't take its answers is silent by its own doing.
        silence.listens(!order.isPaused && !frames.isSpent, at: worker.loop.now)
        if order.isPaused || isHeldUp { connection.pauseReading() } else { connection.resumeReading() }
    }

    private func start(_ action: StompAction, _ place: SessionOrder<Reply>.Place) {
        guard case .send(let destination, let frame, let receipt) = action else { return }
        worker.controller.handle(destination, frame.body, from: self) { [weak self] outcome in
            guard let self else { return }
            order.reply(place, Reply(outcome, destination: destination, receipt: receipt))
            goOn()
        }
    }

    /// Carries out something that takes its time; frames behind it wait.
    func carryOut(_ work: @escaping () async -> Void) {
        order.beginWork()
        worker.loop.spawn {
            await work()
            self.order.endWork()
            self.goOn()
        }
    }

    // MARK: What goes out

    /// Sends what can't be read again: replies, notices, control frames. A client that lets too much of it wait has lost its session.
    func send(_ bytes: [UInt8]) {
        guard !isEnded else { return }
        let most = Self.endingQueues * worker.node.config.webSocket.sendQueueBytes + Self.pendingReplyBytes
        guard connection.queuedBytes <= most else {
            return fail(StompFailure(.tooSlow, "The client doesn't take what is sent to it."))
        }
        connection.send(bytes)
    }

    /// The same for a STOMP frame, in a WebSocket text message.
    func send(stomp frame: [UInt8]) {
        send(framed(frame))
    }

    /// A STOMP frame in a WebSocket text message.
    func framed(_ frame: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(frame.count + 10)
        webSocket.append(.text, frame, to: &output)
        return output
    }

    /// Sends what nobody misses; dropped first when the client is slow.
    func sendLossy(_ chunk: Chunk) {
        if connection.queuedBytes > worker.node.config.webSocket.sendQueueBytes / 4 {
            worker.metrics.typingDropped.increment()
        } else {
            connection.send(chunk)
        }
    }

    func outputDrained() {
        wakeSubscriptions()
        goOn()
    }

    /// Lets the subscriptions that wait for room look whether there is some.
    func wakeSubscriptions() {
        let waiters = drainWaiters
        drainWaiters = []
        for waiter in waiters { waiter() }
    }

    private func publishTyping(_ conversation: UUID, _ isTyping: Bool) {
        let notice = TypingNotice(conversation: conversation, user: identity.user, isTyping: isTyping, session: id)
        let channel = Keys.channel(conversation, worker.node.partitioning.partition(of: conversation))
        worker.redis.send(RedisCommand("PUBLISH", channel, notice.payload)) { _ in }
    }
}
