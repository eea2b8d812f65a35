internal import Shared

/// The subscribers of one conversation on one worker.
///
/// Confined to its worker's loop.
final class Room {
    /// Subscribers whose frames are the same.
    private struct Group {
        var members: [Subscription] = []
    }

    let conversation: UUID
    /// The last event that was handed to the subscribers.
    private(set) var position: EventID
    private var events: [FrameStyle: Group] = [:]
    private var typing: [FrameStyle: Group] = [:]
    /// The version of the members under which the subscribers were looked at last; who was authorised under an older one is
    /// looked at again.
    var version: Int64 = 0
    /// How many members the conversation has.
    var size = 0
    /// Subscriptions, and those that are about to become one.
    var holders = 0
    /// Who wrote what was handed over last.
    private var authors: RecentAuthors

    init(_ conversation: UUID, position: EventID) {
        self.conversation = conversation
        self.position = position
        authors = RecentAuthors(after: position)
    }

    /// All subscriptions, of every kind.
    var subscriptions: [Subscription] { (Array(events.values) + Array(typing.values)).flatMap(\.members) }

    /// The listeners who may have written something of what somebody has got or read.
    func authors(concernedBy move: CursorNotice.Move) -> Set<UUID> {
        listeners.filter { $0 != move.user && authors.mayHaveWritten($0, move) }
    }

    /// The users who hear the conversation's events.
    var listeners: Set<UUID> {
        var users: Set<UUID> = []
        for group in events.values { for member in group.members { users.insert(member.session.identity.user) } }
        return users
    }

    func add(_ subscription: Subscription) {
        if case .typing = subscription.destination {
            Self.add(subscription, to: &typing)
        } else {
            Self.add(subscription, to: &events)
        }
    }

    func remove(_ subscription: Subscription) {
        if case .typing = subscription.destination {
            Self.remove(subscription, from: &typing)
        } else {
            Self.remove(subscription, from: &events)
        }
    }

    func deliver(_ event: Event, _ frames: EventFrames) {
        guard event.id > position else { return }
        let previous = position
        position = event.id
        frames.isTracked = size <= Cursors.maximumParticipants
        if frames.isTracked, event.head.recipients.isEmpty {
            authors.note(event.id, after: event.previousID, by: event.head.kind == .message ? frames.sender : nil)
        }
        for group in events.values {
            for subscription in group.members { subscription.receive(event, frames, previous: previous) }
        }
    }

    /// The subscribers read up to an event for themselves.
    func skip(to event: EventID) { position = max(position, event) }

    /// Hands over an event below the position, which stays where it is.
    func deliver(stray event: Event, _ frames: EventFrames) {
        for group in events.values {
            for subscription in group.members { subscription.receive(stray: event, frames) }
        }
    }

    func deliver(_ notice: TypingNotice) {
        for (style, group) in typing {
            let chunk = Chunk(
                MessageFrame.encode(
                    style.uncompressed, id: "\(notice.conversation).typing", event: "typing", body: notice.json))
            for subscription in group.members where subscription.session.id != notice.session {
                subscription.session.sendLossy(chunk)
            }
        }
    }

    private static func add(_ subscription: Subscription, to groups: inout [FrameStyle: Group]) {
        subscription.index = groups[subscription.style, default: Group()].members.count
        groups[subscription.style, default: Group()].members.append(subscription)
    }

    private static func remove(_ subscription: Subscription, from groups: inout [FrameStyle: Group]) {
        guard let last = groups[subscription.style]?.members.popLast() else { return }
        if last !== subscription {
            groups[subscription.style]?.members[subscription.index] = last
            last.index = subscription.index
        }
        if groups[subscription.style]?.members.isEmpty == true { groups[subscription.style] = nil }
    }
}
