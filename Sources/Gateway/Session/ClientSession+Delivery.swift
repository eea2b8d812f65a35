internal import Shared

/// How a session learns what has arrived at its client.
extension ClientSession {
    /// So many milliseconds after an event a ping is sent for it and all that came meanwhile.
    private static let pingDelay: Int64 = 250

    /// An event was written that counts as delivered when it has arrived.
    func wrote(_ event: Event) {
        if deliveries.wrote(event.id, in: event.conversation) { pingSoon() }
    }

    /// Sends a ping, whose pong proves the client alive and everything before it delivered.
    func sendPing() {
        guard !isEnded, webSocket.isOpen else { return }
        var ping: [UInt8] = []
        WebSocketEncoder.appendPing(deliveries.ping(), to: &ping)
        send(ping)
    }

    func ponged(_ payload: [UInt8]) {
        pingSentAt = nil
        let (delivered, needsPing) = deliveries.pong(payload)
        for (conversation, event) in delivered { wasDelivered(event, in: conversation) }
        if needsPing { pingSoon() }
    }

    /// The client has got everything of a conversation up to an event.
    func wasDelivered(_ event: EventID, in conversation: UUID) {
        worker.cursors.noteDelivered(event, to: identity.user, in: conversation)
    }

    private func pingSoon() {
        worker.loop.schedule(after: Self.pingDelay) { [weak self] in self?.sendPing() }
    }
}
