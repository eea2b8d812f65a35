internal import Shared

/// One subscription of a session.
///
/// It is live, or behind: then it queues nothing and reads page by page what it misses, as fast as the socket takes it.
/// Confined to its session's loop.
final class Subscription {
    enum Flow {
        /// It gets events as they come.
        case live
        /// It has got everything up to this event and reads on from there.
        case behind(Int64)
        /// It has got everything up to this event, which is ahead of what its room has seen.
        case ahead(Int64)
        /// It was ended.
        case ended
    }

    let id: String
    let destination: Destination
    let style: FrameStyle
    unowned let session: ClientSession
    var flow = Flow.live
    /// What waits for ACK; nil in mode `auto`.
    var window: AckWindow<Int64>?
    /// Its place in its room's group.
    var index = 0

    init(id: String, destination: Destination, style: FrameStyle, session: ClientSession) {
        self.id = id
        self.destination = destination
        self.style = style
        self.session = session
    }

    /// Hands over an event; `previous` is the room's event before it.
    func receive(_ event: Event, _ frames: EventFrames, previous: Int64) {
        switch flow {
        case .ended, .behind: return
        case .ahead(let position):
            guard event.id > position else { return }
            flow = .live
        case .live: break
        }
        if !write(event, frames) { session.fellBehind(self, at: previous) }
    }

    /// Writes an event; false when the socket or the window of unacknowledged ones is full.
    func write(_ event: Event, _ frames: EventFrames) -> Bool {
        guard session.takesMore else { return false }
        if window == nil {
            session.connection.send(frames.chunk(style))
        } else {
            guard let ack = window?.deliver(event.id) else { return false }
            session.connection.send(frames.encode(style, ack: ack.text))
        }
        session.worker.metrics.deliveries.increment()
        return true
    }

    /// Takes what an ACK or NACK settles; whether it settled anything.
    func settle(_ reference: StompAckReference) -> Bool {
        switch reference {
        case .id(let text):
            guard let identifier = AckIdentifier(text) else { return false }
            return window?.settle(identifier).isEmpty == false
        case .message(let id, let subscription):
            guard subscription == nil || subscription == self.id, case .conversation(let conversation) = destination,
                id.hasPrefix("\(conversation)."), let event = Int64(id.dropFirst(37))
            else { return false }
            return window?.settle(where: { $0 == event }).isEmpty == false
        }
    }
}
