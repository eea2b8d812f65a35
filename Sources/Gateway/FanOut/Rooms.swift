internal import Shared

/// What the sessions of one worker listen to.
///
/// Confined to its worker's loop.
final class Rooms {
    /// A conversation whose feed isn't live within so many milliseconds can't be subscribed to at present. Who comes back with very
    /// many others waits rather than to be sent away and come again.
    private static let joinTimeout: Int64 = 15_000

    private let worker: Int
    private let loop: EventLoop
    private let hub: LoopReference<Hub>
    private var rooms: [UUID: Room] = [:]
    private var joining: [UUID: Joining] = [:]
    private(set) var joins = 0

    /// Those who wait for a conversation's feed.
    private struct Joining {
        /// Tells one time of joining from an earlier one, whose answer may still come.
        let number: Int
        var waiters: [(Result<Room, Closed>) -> Void] = []
        /// When they have waited long enough.
        var deadline: TimerID?
    }

    /// Why a room can't be opened.
    enum Closed: Error {
        case notFound
        case unavailable
    }

    init(worker: Int, loop: EventLoop, hub: LoopReference<Hub>) {
        self.worker = worker
        self.loop = loop
        self.hub = hub
    }

    /// The last event of a conversation that this worker has seen; 0 where nobody here listens.
    func position(of conversation: UUID) -> EventID { rooms[conversation]?.position ?? .zero }

    func deliver(_ event: Event, _ frames: EventFrames) {
        rooms[event.conversation]?.deliver(event, frames)
    }

    func deliver(stray event: Event, _ frames: EventFrames) {
        rooms[event.conversation]?.deliver(stray: event, frames)
    }

    func deliver(_ notice: TypingNotice) {
        rooms[notice.conversation]?.deliver(notice)
    }

    /// The users who hear a conversation's events.
    func listeners(of conversation: UUID) -> Set<UUID> { rooms[conversation]?.listeners ?? [] }

    /// The listeners who may have written something of what somebody has got or read.
    func authors(in conversation: UUID, concernedBy move: CursorNotice.Move) -> Set<UUID> {
        rooms[conversation]?.authors(concernedBy: move) ?? []
    }

    /// Called with a conversation whose subscribers have to read on for themselves.
    var passedOver: (UUID) -> Void = { _ in }

    /// Makes all subscriptions to a conversation read on for themselves from what they have got.
    func fallBehind(in conversation: UUID, upTo event: EventID) {
        guard let room = rooms[conversation] else { return }
        passedOver(conversation)
        defer { room.skip(to: event) }
        for subscription in room.subscriptions where subscription.destination == .conversation(conversation) {
            switch subscription.flow {
            case .live: subscription.session.readOn(subscription, from: room.position)
            case .ahead(let position): subscription.session.readOn(subscription, from: position)
            case .behind: subscription.missedSomething = true
            case .ended: break
            }
        }
    }

    /// Ends the subscriptions of those who may not listen any more.
    func enforce(_ verdict: MembersVerdict, in conversation: UUID) {
        guard let room = rooms[conversation] else { return }
        if case .only(let members, let version) = verdict {
            room.version = max(room.version, version)
            room.size = members.count
        }
        for subscription in room.subscriptions {
            switch verdict {
            case .only(let members, let version) where members.contains(subscription.session.identity.user):
                subscription.version = max(subscription.version, version)
            case .only, .nobody: subscription.session.cut(subscription, .conversationNotFound)
            case .unknown: subscription.session.cut(subscription, .unavailable())
            }
        }
    }

    /// Makes sure that a conversation's events come in; every room that was opened has to be released once.
    func open(_ conversation: UUID) async -> Result<Room, Closed> {
        if let room = rooms[conversation] {
            room.holders += 1
            return .success(room)
        }
        let result: Confined<Result<Room, Closed>> = await withCheckedContinuation { continuation in
            let isFirst = joining[conversation] == nil
            if isFirst {
                joins += 1
                joining[conversation] = Joining(number: joins)
            }
            joining[conversation]?.waiters.append { continuation.resume(returning: Confined($0)) }
            if isFirst { follow(conversation, joins) }
        }
        return result.value
    }

    /// Releases a room; the last one who does ends the listening.
    func release(_ room: Room) {
        room.holders -= 1
        guard room.holders == 0 else { return }
        rooms[room.conversation] = nil
        unfollow(room.conversation)
    }

    /// Takes a subscription out of its room, and releases it.
    func remove(_ subscription: Subscription, from conversation: UUID) {
        guard let room = rooms[conversation] else { return }
        room.remove(subscription)
        release(room)
    }

    private func follow(_ conversation: UUID, _ number: Int) {
        joining[conversation]?.deadline = loop.schedule(after: Self.joinTimeout) { [self] in
            guard joining[conversation]?.number == number else { return }
            unfollow(conversation)
            opened(conversation, .failure(.unavailable))
        }
        let reference = LoopReference(self, on: loop)
        let worker = worker
        hub.run { hub in
            hub.follow(conversation, for: worker) { answer in
                reference.run { rooms in rooms.answered(conversation, number, answer) }
            }
        }
    }

    /// What the hub says of a time of joining, unless it is over.
    func answered(_ conversation: UUID, _ number: Int, _ answer: Hub.FollowAnswer) {
        guard joining[conversation]?.number == number else { return }
        switch answer {
        case .live(let position):
            let room = rooms[conversation] ?? Room(conversation, position: position)
            rooms[conversation] = room
            opened(conversation, .success(room))
        case .notFound:
            unfollow(conversation)
            opened(conversation, .failure(.notFound))
        case .unavailable:
            unfollow(conversation)
            opened(conversation, .failure(.unavailable))
        }
    }

    private func opened(_ conversation: UUID, _ result: Result<Room, Closed>) {
        guard let joined = joining.removeValue(forKey: conversation) else { return }
        // It would end the next one's waiting too early.
        if let deadline = joined.deadline { loop.cancel(deadline) }
        for waiter in joined.waiters {
            if case .success(let room) = result { room.holders += 1 }
            waiter(result)
        }
    }

    private func unfollow(_ conversation: UUID) {
        let worker = worker
        hub.run { hub in hub.unfollow(conversation, for: worker) }
    }
}
