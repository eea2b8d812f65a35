internal import Shared

/// One subscription of a session.
///
/// It is live, or behind: then it queues nothing and reads page by page what it misses, as fast as the socket takes it.
/// Confined to its session's loop.
final class Subscription {
    /// A message that waits for its ACK.
    struct Unacknowledged {
        let conversation: UUID
        let event: EventID
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
    /// The number of its window.
    private(set) var windowNumber: Int64?
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
        windowNumber = window.subscription
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
            let item = Unacknowledged(conversation: event.conversation, event: event.id)
            guard let identifier = window?.deliver(item) else { return false }
            ack = identifier.text
        } else if frames.isTracked, frames.sender != session.identity.user {
            session.wrote(event)
        }
        if destination == .messages {
            if movesOn, case .live = flow { position.goOn(with: event.id, at: WallClock.nowMilliseconds()) }
            session.connection.send(frames.encode(style, ack: ack, position: position))
        } else if let ack {
            session.connection.send(frames.encode(style, ack: ack))
        } else {
            session.connection.send(frames.chunk(style))
        }
        session.worker.metrics.deliveries.increment()
        return true
    }

    /// Takes an ACK or NACK: up to which event each conversation is acknowledged now, or nil where nothing of this
    /// subscription is named.
    func settle(_ reference: StompAckReference, isAck: Bool) -> [UUID: EventID]? {
        let items = settled(by: reference)
        guard !items.isEmpty else { return nil }
        var moved: [UUID: EventID] = [:]
        for (conversation, events) in Dictionary(grouping: items, by: \.conversation) {
            if isAck {
                moved[conversation] = acknowledged[conversation, default: AcknowledgedPrefix()].acknowledge(
                    events.lazy.map(\.event),
                    firstWaiting: window?.first { $0.conversation == conversation }?.event)
            } else {
                acknowledged[conversation, default: AcknowledgedPrefix()].refuse(events.lazy.map(\.event))
            }
        }
        return moved
    }

    private func settled(by reference: StompAckReference) -> [Unacknowledged] {
        switch reference {
        case .id(let text):
            return AckIdentifier(text).flatMap { window?.settle($0) } ?? []
        case .message(let id, let subscription):
            guard subscription == nil || subscription == self.id, let conversation = UUID(id.prefix(36)),
                let event = EventID(id.utf8.dropFirst(37))
            else { return [] }
            return window?.settle(where: { $0.conversation == conversation && $0.event == event }) ?? []
        }
    }
}
