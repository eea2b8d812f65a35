internal import Shared

/// Which channels the node listens to.
extension Hub {
    /// An entry that nobody needs is kept for so many milliseconds: clients come back, and a subscription that is ended and
    /// begun again at once could be confirmed too early.
    private static let lingering: Int64 = 30_000

    /// Starts to hand a conversation's events to a worker; `reply` is called on the hub's loop.
    func follow(_ conversation: UUID, for worker: Int, _ reply: @escaping (FollowAnswer) -> Void) {
        let entry = entries[conversation] ?? FeedEntry(conversation, ConversationFeed(opening: true))
        entries[conversation] = entry
        entry.workers.insert(worker)
        entry.lastUsed = loop.now
        let isAsked = heads.contains(conversation)
        if entry.isConfirmed, !isAsked, !entry.feed.isBusy, let position = entry.feed.position {
            return reply(.live(position: position))
        }
        entry.waiters[worker] = reply
        if !entry.isSubscribed {
            entry.isSubscribed = true
            subscriber.subscribe(channel(of: conversation))
        } else if entry.isConfirmed, isAsked || !entry.feed.isBusy {
            resync(entry)
        }
    }

    /// Ends what `follow` began.
    func unfollow(_ conversation: UUID, for worker: Int) {
        guard let entry = entries[conversation] else { return }
        entry.workers.remove(worker)
        entry.waiters[worker] = nil
        entry.lastUsed = loop.now
    }

    /// Starts to hand what concerns a user to a worker; `reply` is called on the hub's loop once Redis has confirmed it.
    func follow(user: UUID, for worker: Int, _ reply: @escaping () -> Void) {
        let entry = users[user] ?? UserEntry()
        let isNew = users[user] == nil
        users[user] = entry
        entry.workers.insert(worker)
        entry.lastUsed = loop.now
        if entry.isConfirmed { return reply() }
        entry.waiters[worker, default: []].append(reply)
        if isNew { subscriber.subscribe(Keys.userChannel(user)) }
    }

    /// Ends what `follow(user:)` began.
    func unfollow(user: UUID, for worker: Int) {
        guard let entry = users[user] else { return }
        entry.workers.remove(worker)
        entry.waiters[worker] = nil
        entry.lastUsed = loop.now
    }

    /// Forgets conversations and users that nobody has needed for a while; a share of all at a time.
    func forgetIdle() {
        heldBack.tidy()
        for conversation in idleEntries.next(of: { entries.keys }) {
            guard let entry = entries[conversation], entry.workers.isEmpty, !entry.feed.isBusy,
                loop.now - entry.lastUsed > Self.lingering
            else { continue }
            entries[conversation] = nil
            heads.remove(conversation)
            if entry.isSubscribed { subscriber.unsubscribe(channel(of: conversation)) }
        }
        for user in idleUsers.next(of: { users.keys }) {
            guard let entry = users[user], entry.workers.isEmpty, loop.now - entry.lastUsed > Self.lingering else {
                continue
            }
            users[user] = nil
            subscriber.unsubscribe(Keys.userChannel(user))
        }
    }

    /// Redis has confirmed a subscription: what is published from now on comes in.
    func confirmed(_ channel: String) {
        let bytes = channel.utf8
        if bytes.starts(with: "u:".utf8), let user = UUID(bytes.dropFirst(2)), let entry = users[user] {
            entry.isConfirmed = true
            // What was published while nobody listened stands in the user's inbox.
            if entry.wasInterrupted {
                entry.wasInterrupted = false
                for worker in entry.workers { hand(.interrupted(user), to: worker) }
            }
            let waiters = entry.waiters.values
            entry.waiters = [:]
            for waiter in waiters.joined() { waiter() }
        } else if let conversation = UUID(bytes.suffix(36)), let entry = entries[conversation] {
            entry.isConfirmed = true
            resync(entry)
        } else {
            onOtherConfirmed(channel)
        }
    }

    /// The connection is gone, and with it everything that is published until Redis confirms each channel again.
    func lost(_ reason: RedisError) {
        metrics.pubSubLosses.increment()
        log.warning("pub/sub connection lost", [.error: .describing(reason)])
        for entry in entries.values { entry.isConfirmed = false }
        for entry in users.values {
            entry.wasInterrupted = entry.wasInterrupted || entry.isConfirmed
            entry.isConfirmed = false
        }
    }

    func channel(of conversation: UUID) -> String {
        Keys.channel(conversation, partitioning.partition(of: conversation))
    }
}
