#if DEBUG
internal import Shared

@testable internal import Gateway

/// A client of the broker: STOMP over WebSocket by the gateway's own machines, without tokens and without stores.
final class BrokerSession: Peer {
    /// The longest message and frame in bytes.
    private static let maximumMessage = 16 << 20
    /// The heart-beats that are offered, in milliseconds.
    private static let heartBeats = StompHeartBeatOffer(send: 3_000, expect: 3_000)
    /// After DISCONNECT the client gets this long (ms) to close by itself.
    private static let leaveMilliseconds: Int64 = 2_000

    private let connection: Connection
    private let loop: EventLoop
    private let broker: Broker
    private var webSocket: WebSocketConnection
    private var decoder: StompDecoder
    private var stomp: StompSession
    private var heartBeat: HeartBeatMonitor?
    private var subscriptions: [String: BrokerSubscription] = [:]
    private var lastSubscription: Int64 = 0
    /// When the client has to be gone (monotonic ms).
    private var deadline = Int64.max

    init(
        connection: Connection, loop: EventLoop, broker: Broker, _ compression: (PermessageDeflate, CompressionPool)?
    ) {
        self.connection = connection
        self.loop = loop
        self.broker = broker
        webSocket = WebSocketConnection(
            maximumFrame: Self.maximumMessage, maximumMessage: Self.maximumMessage, compression: compression)
        let limits = StompLimits(frame: Self.maximumMessage, transactionFrames: 10_000, transactionBytes: 64 << 20)
        decoder = StompDecoder(limits: limits)
        stomp = StompSession(limits: limits, offer: Self.heartBeats)
    }

    var version: StompVersion { stomp.version }

    // MARK: What comes in

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        while connection.isOpen {
            switch webSocket.next(&buffer, &available) {
            case .needMore: return
            case .send(let frame): connection.send(frame)
            case .pong: break
            case .closed: return connection.finish()
            case .message(.inPlace(let range), _): decode(buffer, range)
            case .message(.assembled(let payload), _): decode(payload, 0..<payload.count)
            }
        }
    }

    private func decode(_ bytes: [UInt8], _ range: Range<Int>) {
        var range = range
        while connection.isOpen {
            switch decoder.next(bytes, &range) {
            case .needMore: return
            case .heartBeat: break
            case .failure(let failure): return fail(failure)
            case .frame(let frame):
                let action = stomp.receive(frame)
                decoder.version = stomp.version
                perform(action)
            }
        }
    }

    private func perform(_ action: StompAction) {
        switch action {
        case .connect(let connect): self.connect(connect)
        case .send(let destination, let frame, let receipt):
            guard Broker.isKnown(destination) else { return refuse(receipt) }
            broker.send(frame, to: destination)
            confirm(receipt)
        case .subscribe(let id, let destination, let mode, _, let hasID, let receipt):
            guard Broker.isKnown(destination) else { return refuse(receipt) }
            lastSubscription += 1
            let subscription = BrokerSubscription(
                id: id, hasID: hasID, destination: destination, mode: mode, number: lastSubscription, session: self)
            subscriptions[id] = subscription
            confirm(receipt)
            broker.add(subscription)
        case .unsubscribe(let id, let receipt):
            if let subscription = subscriptions.removeValue(forKey: id) { broker.remove(subscription) }
            confirm(receipt)
        case .ack(let reference, let receipt), .nack(let reference, let receipt):
            if let subscription = subscriptions.values.first(where: { $0.settle(reference) }) {
                broker.distribute(subscription.destination)
            }
            confirm(receipt)
        case .commit(let actions, let receipt):
            for action in actions where connection.isOpen { perform(action) }
            if connection.isOpen { confirm(receipt) }
        case .handled(let receipt): confirm(receipt)
        case .disconnect(let receipt):
            confirm(receipt)
            deadline = loop.now + Self.leaveMilliseconds
            connection.lookAgain(at: deadline)
        case .refuse(let failure), .fail(let failure): fail(failure)
        }
    }

    private func connect(_ connect: StompConnect) {
        heartBeat = HeartBeatMonitor(sendEvery: connect.sendEvery, expectEvery: connect.expectEvery)
        var frame: [UInt8] = []
        StompEncoder.appendConnected(
            connect, session: UUID.random().description, server: "parley/\(Version.current)", userName: "guest",
            to: &frame)
        send(frame)
        connection.lookAgain(at: checkLiveness(loop.now))
    }

    // MARK: What goes out

    /// Sends a whole STOMP frame; as text where it is text.
    func send(_ frame: [UInt8]) {
        var output: [UInt8] = []
        output.reserveCapacity(frame.count + 10)
        webSocket.append(UTF8Validator.isValid(frame[...]) ? .text : .binary, frame, to: &output)
        connection.send(output)
    }

    private func confirm(_ receipt: String?) {
        guard let receipt else { return }
        var frame: [UInt8] = []
        StompEncoder.appendReceipt(receipt, version: version, to: &frame)
        send(frame)
    }

    private func refuse(_ receipt: String?) {
        fail(StompFailure(ErrorCode.unknownDestination, "There are /topic/ and /queue/ only.", receiptID: receipt))
    }

    /// ERROR, then close (STOMP 1.2, "ERROR").
    private func fail(_ failure: StompFailure) {
        var frame: [UInt8] = []
        StompEncoder.appendError(failure, version: version, to: &frame)
        send(frame)
        end(.policy)
    }

    private func end(_ code: CloseCode) {
        if let frame = webSocket.close(code) { connection.send(frame) }
        connection.finish()
    }

    // MARK: Life

    func transportClosed(_ reason: String) {
        let left = subscriptions.values
        subscriptions = [:]
        for subscription in left { broker.remove(subscription) }
    }

    func outputDrained() {}

    func checkLiveness(_ now: Int64) -> Int64 {
        if now >= deadline { end(.normal) }
        heartBeat?.sent(at: connection.lastSent)
        heartBeat?.received(at: connection.lastReceived)
        switch heartBeat?.check(now) {
        case .fine(let next): return min(next, deadline, now + 60_000)
        case .sendHeartBeat:
            send([UInt8(ascii: "\n")])
            return now + 1_000
        case .missed:
            end(.heartBeatMissed)
            return now + 1_000
        case nil: return min(deadline, now + 60_000)
        }
    }
}
#endif
