internal import Shared

/// The subscriptions of one worker's sessions to what concerns their users: `/user/queue/…`.
///
/// Confined to its worker's loop.
final class UserQueues {
    /// A user's channel that isn't confirmed within so many milliseconds can't be listened to at present.
    private static let timeout: Int64 = 15_000

    private struct Queues {
        var messages: [Subscription] = []
        var conversations: [Subscription] = []
        var receipts: [Subscription] = []
        var count: Int { messages.count + conversations.count + receipts.count }
    }

    private let worker: Int
    private let loop: EventLoop
    private let hub: LoopReference<Hub>
    private var users: [UUID: Queues] = [:]

    init(worker: Int, loop: EventLoop, hub: LoopReference<Hub>) {
        self.worker = worker
        self.loop = loop
        self.hub = hub
    }

    /// Adds a subscription and returns true once the user's channel is confirmed; false where that takes too long.
    func add(_ subscription: Subscription, of user: UUID) async -> Bool {
        switch subscription.destination {
        case .messages: users[user, default: Queues()].messages.append(subscription)
        case .receipts: users[user, default: Queues()].receipts.append(subscription)
        default: users[user, default: Queues()].conversations.append(subscription)
        }
        let worker = worker
        let loop = loop
        return await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let confirmation = LoopReference(Confirmation(continuation), on: loop)
            loop.schedule(after: Self.timeout) { confirmation.run { $0.settle(false) } }
            hub.run { hub in
                hub.follow(user: user, for: worker) { confirmation.post { $0.settle(true) } }
            }
        }
    }

    /// Somebody who waits for a channel: what comes first, the confirmation or the deadline, is told.
    private final class Confirmation {
        private var continuation: CheckedContinuation<Bool, Never>?

        init(_ continuation: CheckedContinuation<Bool, Never>) {
            self.continuation = continuation
        }

        func settle(_ isConfirmed: Bool) {
            continuation?.resume(returning: isConfirmed)
            continuation = nil
        }
    }

    func remove(_ subscription: Subscription, of user: UUID) {
        users[user]?.messages.removeAll { $0 === subscription }
        users[user]?.conversations.removeAll { $0 === subscription }
        users[user]?.receipts.removeAll { $0 === subscription }
        guard users[user]?.count == 0 else { return }
        users[user] = nil
        let worker = worker
        hub.run { hub in hub.unfollow(user: user, for: worker) }
    }

    /// Hands an event of a DIRECT conversation to its participants' sessions, but for those that have its topic. Those who are
    /// `lacking` something older of another conversation keep the position of their queue.
    func deliver(_ event: Event, _ frames: EventFrames, lacking: [UUID]) {
        forEachListener(of: event) { user, subscription in
            deliver(event, frames, to: subscription, movesOn: !lacking.contains(user))
        }
    }

    /// Hands over an event that comes too late for its place. Who is behind finds it in the history only.
    func deliver(stray event: Event, _ frames: EventFrames) {
        forEachListener(of: event) { _, subscription in
            if case .live = subscription.flow { _ = subscription.write(event, frames, movesOn: false) }
        }
    }

    private func forEachListener(of event: Event, _ body: (UUID, Subscription) -> Void) {
        for user in event.head.recipients {
            guard let queues = users[user] else { continue }
            for subscription in queues.messages where !subscription.session.hasTopic(of: event.conversation) {
                body(user, subscription)
            }
        }
    }

    private func deliver(_ event: Event, _ frames: EventFrames, to subscription: Subscription, movesOn: Bool) {
        guard case .live = subscription.flow else {
            subscription.missedSomething = true
            return
        }
        // What catching up has brought already comes in once more.
        if event.id <= subscription.brought[event.conversation] ?? .zero { return }
        if !subscription.write(event, frames, movesOn: movesOn) {
            subscription.session.userQueueFellBehind(subscription)
        }
    }

    /// Something of a conversation couldn't be read in its turn: its participants' queues read on for themselves.
    func fallBehind(_ recipients: [UUID]) {
        for user in recipients {
            for subscription in users[user]?.messages ?? [] { subscription.session.userQueueFellBehind(subscription) }
        }
    }

    func deliver(notice json: [UInt8], to user: UUID) {
        for subscription in users[user]?.conversations ?? [] { send(json, "conversation", to: subscription) }
    }

    /// The same, for those of the user's sessions that have a conversation's topic.
    func deliver(notice json: [UInt8], to user: UUID, withTopicOf conversation: UUID) {
        for subscription in users[user]?.conversations ?? [] where subscription.session.hasTopic(of: conversation) {
            send(json, "conversation", to: subscription)
        }
    }

    func deliver(receipt json: [UInt8], to user: UUID) {
        for subscription in users[user]?.receipts ?? [] { send(json, "receipt", to: subscription) }
    }

    /// The same, for those of the user's sessions that have a conversation's topic.
    func deliver(receipt json: [UInt8], to user: UUID, withTopicOf conversation: UUID) {
        for subscription in users[user]?.receipts ?? [] where subscription.session.hasTopic(of: conversation) {
            send(json, "receipt", to: subscription)
        }
    }

    private func send(_ json: [UInt8], _ event: String, to subscription: Subscription) {
        subscription.session.send(
            MessageFrame.encode(subscription.style, id: "\(event)-\(UUID.random())", event: event, body: json))
    }
}
