internal import Shared

/// What ACK and NACK settle. Each costs the same however many subscriptions the session has.
extension ClientSession {
    /// What is acknowledged is delivered; what is refused makes room too, and is brought again by the next session.
    func settle(_ reference: StompAckReference, isAck: Bool) {
        // An ACK that names nothing is no error: its message may have been settled by a cumulative one, or its subscription
        // have ended.
        guard let (subscription, moved) = settled(reference, isAck) else { return }
        for (conversation, event) in moved { wasDelivered(event, in: conversation) }
        if case .behind = subscription.flow { wakeSubscriptions() }
    }

    /// STOMP 1.2 and 1.1 say which subscription it is; 1.0 names a message alone.
    private func settled(_ reference: StompAckReference, _ isAck: Bool) -> (Subscription, [UUID: EventID])? {
        switch reference {
        case .id(let text):
            guard let identifier = AckIdentifier(text), let subscription = windows[identifier.subscription] else {
                return nil
            }
            return subscription.settle(identifier, isAck: isAck).map { (subscription, $0) }
        case .message(let text, let id):
            guard let message = AckIndex.Message(text),
                let subscription = id.map({ subscriptions[$0] })
                    ?? awaiting.window(of: message).flatMap({ windows[$0] })
            else { return nil }
            return subscription.settle(message, isAck: isAck).map { (subscription, $0) }
        }
    }

    /// A message was delivered that waits for its ACK.
    func awaitsAck(of message: AckIndex.Message, in window: Int64) {
        if version == .v10 { awaiting.deliver(message, in: window) }
    }

    /// It waits no more.
    func hasSettled(_ message: AckIndex.Message, in window: Int64) {
        if version == .v10 { awaiting.settle(message, in: window) }
    }
}
