internal import Shared

/// One subscription of a session.
///
/// It is live, or behind: then it queues nothing and reads page by page what it misses, as fast as the socket takes it.
/// Confined to its session's loop.
final class Subscription {
    /// A message that waits for its ACK.
    struct Unacknowledged {
        let message: AckIndex.Message
        /// The event of its conversation that was brought before it.
        let previous: EventID
    }

    enum Flow: Equatable {
        /// It gets events as they come.
        case live
        /// It has got everything up to this event and reads on from there.
        case behind(EventID)
        /// It has got everything up to this event, which is ahead of what its room has seen.
        case ahead(EventID)
        /// It was ended.
        case ended

        /// Behind a page that was written up to `position`, where the room has seen everything up to `room`.
        ///
        /// The room's position alone doesn't tell the end: what follows on a gap may still be held back while the members are
        /// looked at again, and then comes behind what only the last page has.
        static func behindPage(at position: EventID, isLast: Bool, room: EventID) -> Flow {
            isLast && position >= room ? .ahead(position) : .behind(position)
        }
    }

    let id: String
    let destination: Destination
    let style: FrameStyle
    /// Not let go before the session has ended, which takes it out of wherever it is.
    let session: ClientSession
    var flow = Flow.live
    /// The version of the members under which the user was found among them last.
    var version: Int64 = 0
    /// What waits for ACK; nil in mode `auto`.
    private(set) var window: AckWindow<Unacknowledged>?
    /// What was acknowledged of each conversation, in the modes with ACK.
    private var acknowledged: [UUID: AcknowledgedPrefix] = [:]
    /// Its place in its room's group.
    var index = 0
    /// How many events it has read for itself since it fell behind.
    var replayed = 0
    /// Of a user's queue: how far its device has got.
    var position = QueuePosition(event: .zero)
    /// Whether something that it has to read came in, or was missed, while it was behind.
    var missedSomething = false
    /// Of a user's queue: the last event of each conversation that was brought by catching up, or delivered before it began.
    var brought: [UUID: EventID] = [:]

    init(id: String, destination: Destination, style: FrameStyle, session: ClientSession) {
        self.id = id
        self.destination = destination
        self.style = style
        self.session = session
    }

    /// Has its messages wait for their ACK.
    func open(_ window: AckWindow<Unacknowledged>) {
        self.window = window
    }

    /// Hands over an event; `previous` is the room's event before it.
    func receive(_ event: Event, _ frames: EventFrames, previous: EventID) {
        switch flow {
        case .ended, .behind: return
        case .ahead(let position):
            guard event.id > position else { return }
            flow = .live
        case .live: break
        }
        if !write(event, frames) { session.fellBehind(self, at: previous) }
    }

    /// Hands over an event that comes too late for its place. Who is behind finds it in the history only.
    func receive(stray event: Event, _ frames: EventFrames) {
        switch flow {
        case .live, .ahead: _ = write(event, frames)
        case .behind, .ended: break
        }
    }

    /// Writes an event; false when the socket or the window of unacknowledged ones is full. A live user's queue `movesOn` with it
    /// unless something older is still to come.
    func write(_ event: Event, _ frames: EventFrames, movesOn: Bool = true) -> Bool {
        guard session.takesMore else { return false }
        var ack: String?
        if window != nil {
            guard let identifier = awaitAck(of: event) else { return false }
            ack = identifier.text
        } else if frames.isTracked, frames.sender != session.identity.user {
            session.wrote(event)
        }
        if destination == .messages {
            let node = session.worker.node
            if movesOn, case .live = flow {
                let clock = node.queueClock
                position.goOn(with: event.id, at: clock.time, knowing: clock.epoch)
            }
            let place = position.text(oldestFormat: node.oldestFormat)
            session.connection.send(frames.encode(style, ack: ack, position: place))
        } else if let ack {
            session.connection.send(frames.encode(style, ack: ack))
        } else {
            session.connection.send(frames.chunk(style))
        }
        session.worker.metrics.deliveries.increment()
        return true
    }

    // MARK: Acknowledgement

    /// Has an event wait for its ACK; nil where the window is full.
    private func awaitAck(of event: Event) -> AckIdentifier? {
        guard window?.isFull == false else { return nil }
        let message = AckIndex.Message(conversation: event.conversation, event: event.id)
        let previous = acknowledged[event.conversation, default: AcknowledgedPrefix()].bring(event.id)
        guard let identifier = window?.deliver(Unacknowledged(message: message, previous: previous)) else { return nil }
        session.awaitsAck(of: message, in: identifier.subscription)
        return identifier
    }

    /// Takes an ACK or NACK: up to which event each conversation is acknowledged now, or nil where nothing of this
    /// subscription is named.
    func settle(_ identifier: AckIdentifier, isAck: Bool) -> [UUID: EventID]? {
        settled(window?.settle(identifier) ?? [], isAck: isAck)
    }

    /// The same for STOMP 1.0 and 1.1, which name a message.
    func settle(_ message: AckIndex.Message, isAck: Bool) -> [UUID: EventID]? {
        settled(window?.settle(where: { $0.message == message }) ?? [], isAck: isAck)
    }

    /// Lets nothing wait any more.
    func settleNothing() {
        guard let window else { return }
        for item in window.items { session.hasSettled(item.message, in: window.subscription) }
    }

    private func settled(_ items: [Unacknowledged], isAck: Bool) -> [UUID: EventID]? {
        guard let window, !items.isEmpty else { return nil }
        var moved: [UUID: EventID] = [:]
        for item in items {
            session.hasSettled(item.message, in: window.subscription)
            if !isAck { acknowledged[item.message.conversation]?.refuse(before: item.previous) }
        }
        guard isAck else { return moved }
        for conversation in Set(items.map(\.message.conversation)) {
            let waiting = window.first { $0.message.conversation == conversation }
            moved[conversation] = acknowledged[conversation]?.acknowledge(beforeWaiting: waiting?.previous)
        }
        return moved
    }
}
