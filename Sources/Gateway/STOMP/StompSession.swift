internal import Shared

/// The life of one STOMP connection: what a frame means, given the version and the frames before it.
///
/// It judges the protocol only. Who may do what, and whether a destination exists, is for those who carry out the actions.
struct StompSession {
    private enum State {
        case awaitingConnect
        case connected
        /// After DISCONNECT or a failure: nothing a client sends means anything any more.
        case ended
    }

    private struct Subscription {
        var destination: String
        var ordinal: Int
    }

    private let limits: StompLimits
    private let offer: StompHeartBeatOffer
    private var state = State.awaitingConnect
    private var subscriptions: [String: Subscription] = [:]
    private var nextOrdinal = 0
    private var transactions: StompTransactions
    /// What was agreed on; 1.2 before CONNECT.
    private(set) var version = StompVersion.v12

    init(limits: StompLimits = StompLimits(), offer: StompHeartBeatOffer) {
        self.limits = limits
        self.offer = offer
        transactions = StompTransactions(limits: limits)
    }

    var isConnected: Bool { state == .connected }
    var subscriptionCount: Int { subscriptions.count }

    /// Says what a frame asks for. After `.connect` the decoder needs the version.
    mutating func receive(_ frame: StompFrame) -> StompAction {
        guard state != .ended else { return .handled(receipt: nil) }
        do {
            return try judge(frame)
        } catch {
            state = .ended
            transactions.removeAll()
            var failure = error
            failure.receiptID = receipt(of: frame)
            return .fail(failure)
        }
    }

    /// Frees the id of a subscription that was refused by those who carry out the actions.
    mutating func dropSubscription(_ id: String) {
        subscriptions[id] = nil
    }

    private mutating func judge(_ frame: StompFrame) throws(StompFailure) -> StompAction {
        let isConnect = frame.command == .connect || frame.command == .stomp
        if state == .awaitingConnect {
            guard isConnect else { throw StompFailure(.notConnected, "The first frame must be CONNECT or STOMP.") }
        } else if isConnect {
            throw StompFailure(.alreadyConnected, "CONNECT was sent twice.")
        }
        if !frame.body.isEmpty, !mayHaveBody(frame) {
            throw StompFailure(.unexpectedBody, "Of a client's frames only SEND may have a body.")
        }
        let receipt = try identifier("receipt", of: frame)
        switch frame.command {
        case .connect, .stomp: return try connect(frame)
        case .send: return try send(frame, receipt)
        case .subscribe: return try subscribe(frame, receipt)
        case .unsubscribe: return try unsubscribe(frame, receipt)
        case .ack: return try hold(.ack(try reference(frame), receipt: receipt), frame, receipt)
        case .nack:
            guard version > .v10 else { throw StompFailure(.unknownCommand, "STOMP 1.0 has no NACK.") }
            return try hold(.nack(try reference(frame), receipt: receipt), frame, receipt)
        case .begin:
            try transactions.begin(required("transaction", of: frame))
            return .handled(receipt: receipt)
        case .commit:
            return .commit(try transactions.end(required("transaction", of: frame)), receipt: receipt)
        case .abort:
            _ = try transactions.end(required("transaction", of: frame))
            return .handled(receipt: receipt)
        case .disconnect:
            state = .ended
            transactions.removeAll()
            return .disconnect(receipt: receipt)
        case .unknown:
            throw StompFailure(.unknownCommand, "The command is not one that a client may send.")
        }
    }

    /// Since 1.1 only SEND may have a body ("Body"); 1.0 ignores those of other frames ("SUBSCRIBE").
    private func mayHaveBody(_ frame: StompFrame) -> Bool {
        switch frame.command {
        case .send, .unknown: true
        case .connect, .stomp: frame.headerBytes("accept-version") == nil
        default: version == .v10
        }
    }

    // MARK: Frames

    private mutating func connect(_ frame: StompFrame) throws(StompFailure) -> StompAction {
        let connect = try StompConnect.negotiate(frame, offer)
        version = connect.version
        state = .connected
        return .connect(connect)
    }

    private mutating func send(_ frame: StompFrame, _ receipt: String?) throws(StompFailure) -> StompAction {
        let destination = try destination(of: frame)
        return try hold(.send(destination: destination, frame: frame, receipt: receipt), frame, receipt)
    }

    private mutating func subscribe(_ frame: StompFrame, _ receipt: String?) throws(StompFailure) -> StompAction {
        let destination = try destination(of: frame)
        guard frame.headerBytes("selector") == nil else {
            throw StompFailure(.selectorNotSupported, "The selector header is not supported.")
        }
        guard let mode = StompAckMode(rawValue: frame.header("ack") ?? "auto") else {
            throw StompFailure(.unknownAckMode, "The ack header must be auto, client or client-individual.")
        }
        let given = version == .v10 ? try identifier("id", of: frame) : try required("id", of: frame)
        let id = given ?? destination
        guard subscriptions[id] == nil else {
            throw StompFailure(.duplicateSubscription, "A subscription with this id exists already.")
        }
        guard subscriptions.count < limits.maximumSubscriptions else {
            return .refuse(
                StompFailure(.tooManySubscriptions, "The connection has too many subscriptions.", receiptID: receipt)
            )
        }
        subscriptions[id] = Subscription(destination: destination, ordinal: nextOrdinal)
        nextOrdinal += 1
        return .subscribe(
            id: id, destination: destination, ackMode: mode, frame: frame, hasID: given != nil, receipt: receipt)
    }

    /// An id that isn't known is no error: the client may not have heard yet that its SUBSCRIBE was refused.
    private mutating func unsubscribe(_ frame: StompFrame, _ receipt: String?) throws(StompFailure) -> StompAction {
        var id = version == .v10 ? try identifier("id", of: frame) : try required("id", of: frame)
        if id == nil {
            let destination = try destination(of: frame)
            let fitting = subscriptions.filter { $0.value.destination == destination }
            id = fitting.min { $0.value.ordinal < $1.value.ordinal }?.key
        }
        guard let id, subscriptions.removeValue(forKey: id) != nil else { return .handled(receipt: receipt) }
        return .unsubscribe(id: id, receipt: receipt)
    }

    private func reference(_ frame: StompFrame) throws(StompFailure) -> StompAckReference {
        switch version {
        case .v10: .message(id: try required("message-id", of: frame), subscription: nil)
        case .v11:
            .message(
                id: try required("message-id", of: frame), subscription: try required("subscription", of: frame))
        case .v12: .id(try required("id", of: frame))
        }
    }

    /// Lets an action pass, or holds it where the frame names a transaction. A held frame gets its RECEIPT at once: it says
    /// that the frame was taken into the transaction, and a client may wait for it before COMMIT.
    private mutating func hold(
        _ action: StompAction, _ frame: StompFrame, _ receipt: String?
    ) throws(StompFailure) -> StompAction {
        guard let transaction = try identifier("transaction", of: frame) else { return action }
        try transactions.hold(action.withoutReceipt, byteCount: frame.byteCount, in: transaction)
        return .handled(receipt: receipt)
    }

    // MARK: Headers

    private func destination(of frame: StompFrame) throws(StompFailure) -> String {
        guard let destination = try identifier("destination", of: frame), !destination.isEmpty else {
            throw StompFailure(.missingHeader, "The frame needs the header destination.")
        }
        return destination
    }

    private func required(_ name: String, of frame: StompFrame) throws(StompFailure) -> String {
        guard let value = try identifier(name, of: frame) else {
            throw StompFailure(.missingHeader, "The frame needs the header \(name).")
        }
        return value
    }

    private func identifier(_ name: String, of frame: StompFrame) throws(StompFailure) -> String? {
        guard let value = frame.headerBytes(name) else { return nil }
        guard value.count <= limits.identifierBytes else {
            throw StompFailure(.headerTooLong, "The header \(name) is too long.")
        }
        return String(decoding: value, as: UTF8.self)
    }

    /// The receipt that an ERROR names; one that is too long is left out.
    private func receipt(of frame: StompFrame) -> String? {
        guard let value = frame.headerBytes("receipt"), value.count <= limits.identifierBytes else { return nil }
        return String(decoding: value, as: UTF8.self)
    }
}

extension StompAction {
    /// The same, its RECEIPT being sent already.
    fileprivate var withoutReceipt: StompAction {
        switch self {
        case .send(let destination, let frame, _): .send(destination: destination, frame: frame, receipt: nil)
        case .ack(let reference, _): .ack(reference, receipt: nil)
        case .nack(let reference, _): .nack(reference, receipt: nil)
        default: self
        }
    }
}
