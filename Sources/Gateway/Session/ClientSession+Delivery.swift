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
        if !deliveries.isAwaiting {
            queueWasLive = subscriptions.values.contains { $0.destination == .messages && $0.flow == .live }
        }
        var ping: [UInt8] = []
        WebSocketEncoder.appendPing(deliveries.ping(), to: &ping)
        send(ping)
    }

    func ponged(_ payload: [UInt8]) {
        pingSentAt = nil
        let (delivered, needsPing) = deliveries.pong(payload)
        for (conversation, event) in delivered {
            // A queue that is live has brought what was before the topic.
            if queueWasLive { topics[conversation]?.start.claim() }
            wasDelivered(event, in: conversation)
        }
        if needsPing { pingSoon() }
    }

    private func pingSoon() {
        worker.loop.schedule(after: Self.pingDelay) { [weak self] in self?.sendPing() }
    }
}
