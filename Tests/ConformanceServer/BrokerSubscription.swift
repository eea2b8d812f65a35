#if DEBUG
@testable internal import Gateway

/// One subscription of a session, and what it has got and not acknowledged.
final class BrokerSubscription {
    /// So many messages may wait for their ACK.
    private static let window = 1_000

    let id: String
    let destination: String
    private let hasID: Bool
    private unowned let session: BrokerSession
    private var unsettled: AckWindow<BrokerMessage>?
    /// Messages of a topic for which the window has no room.
    private var waiting: [BrokerMessage] = []

    /// `number` is one that no other subscription of the session has or had.
    init(id: String, hasID: Bool, destination: String, mode: StompAckMode, number: Int64, session: BrokerSession) {
        self.id = id
        self.hasID = hasID
        self.destination = destination
        self.session = session
        if mode != .auto { unsettled = AckWindow(subscription: number, mode: mode, capacity: Self.window) }
    }

    /// Whether another message could be delivered at once.
    var hasRoom: Bool { unsettled?.isFull != true }

    func offer(_ message: BrokerMessage) {
        guard hasRoom, waiting.isEmpty else {
            waiting.append(message)
            return
        }
        deliver(message)
    }

    private func deliver(_ message: BrokerMessage) {
        var headers = [("destination", message.destination), ("message-id", message.id)]
        if hasID { headers.insert(("subscription", id), at: 0) }
        if let ack = unsettled?.deliver(message) { headers.append(("ack", ack.text)) }
        var frame: [UInt8] = []
        StompEncoder.appendMessage(
            headers + message.headers, body: message.body, version: session.version, to: &frame)
        session.send(frame)
    }

    /// Takes an ACK or NACK; whether it was about this subscription. A message that was refused is dropped (STOMP 1.2, "NACK"
    /// leaves that to the server).
    func settle(_ reference: StompAckReference) -> Bool {
        let settled: [BrokerMessage]?
        switch reference {
        case .id(let text): settled = AckIdentifier(text).flatMap { unsettled?.settle($0) }
        case .message(let id, let subscription):
            guard subscription == nil || subscription == self.id else { return false }
            settled = unsettled?.settle { $0.id == id }
        }
        guard let settled, !settled.isEmpty else { return false }
        while hasRoom, !waiting.isEmpty { deliver(waiting.removeFirst()) }
        return true
    }

    func takeUnsettled() -> [BrokerMessage] {
        var messages: [BrokerMessage] = []
        while let message = unsettled?.first(where: { _ in true }) {
            messages.append(message)
            _ = unsettled?.settle { $0.id == message.id }
        }
        return messages
    }
}
#endif
