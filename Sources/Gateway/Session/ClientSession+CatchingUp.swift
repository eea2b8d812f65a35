internal import Shared

/// How a subscription that is behind becomes live again: it reads page by page, as fast as the socket drains.
extension ClientSession {
    /// Milliseconds between two attempts while the sources are away.
    private static let retryInterval: Int64 = 1_000

    /// The socket or the window of a live subscription is full: from here on it reads for itself.
    func fellBehind(_ subscription: Subscription, at position: EventID) {
        worker.metrics.slowConsumers.increment()
        readOn(subscription, from: position)
    }

    /// Something was missed: from here on the subscription reads for itself.
    func readOn(_ subscription: Subscription, from position: EventID) {
        guard case .conversation(let conversation) = subscription.destination else { return }
        subscription.flow = .behind(position)
        subscription.replayed = 0
        worker.loop.spawn { [self] in
            while case .behind = subscription.flow {
                await pages.takeTurn()
                let isRead = await readPage(of: conversation, subscription)
                pages.endTurn()
                switch isRead {
                case .some(true): break
                // The gap stays known, so nothing is lost by waiting.
                case .some(false): await worker.loop.sleep(milliseconds: Self.retryInterval)
                case nil: await drained()
                }
            }
        }
    }

    /// Reads and writes a page in this subscription's turn; false where the sources are away, nil where it takes none at present.
    private func readPage(of conversation: UUID, _ subscription: Subscription) async -> Bool? {
        guard case .behind(let position) = subscription.flow else { return true }
        guard takesPage(subscription) else { return nil }
        subscription.missedSomething = false
        let page: SubscriberPage
        do throws(ReadError) {
            page = try await worker.pages.page(of: conversation, after: position)
        } catch {
            return false
        }
        // Whoever isn't in it any more gets nothing that was accepted since; what was read before the members were looked at was
        // accepted before. As long as their version is the same, so are they.
        guard page.version != subscription.version else {
            take(page, subscription, conversation)
            return true
        }
        switch await worker.membership.check(identity.user, in: conversation) {
        case .member(_, let version, _, _):
            subscription.version = version
            take(page, subscription, conversation)
        case .notMember, .notFound: cut(subscription, .conversationNotFound)
        case .unavailable: return false
        }
        return true
    }

    /// Counts an event that was read again; a client that doesn't catch up with what comes in meanwhile has to resume.
    func wasReplayed(on subscription: Subscription) {
        worker.metrics.replayedEvents.increment()
        subscription.replayed += 1
        guard subscription.replayed > 2 * worker.node.config.webSocket.maximumReplay else { return }
        fail(StompFailure(.tooSlow, "The subscription doesn't catch up."))
    }

    /// Whether the socket has drained enough for a page, and the window has room.
    func takesPage(_ subscription: Subscription) -> Bool {
        connection.queuedBytes <= worker.node.config.webSocket.sendQueueBytes / 4
            && subscription.window?.isFull != true
    }

    func drained() async {
        await withCheckedContinuation { continuation in drainWaiters.append { continuation.resume() } }
    }

    /// Writes a page. Everything up to `seen` was published before the page was read; what was published while it was on its way
    /// may be missing in it, and was passed over by the room, since the subscription was behind.
    private func take(_ page: SubscriberPage, _ subscription: Subscription, _ conversation: UUID) {
        guard case .behind(var position) = subscription.flow else { return }
        var isWritten = true
        for (event, frames) in zip(page.events.events, page.frames) where event.id > position {
            guard subscription.write(event, frames) else {
                isWritten = false
                break
            }
            wasReplayed(on: subscription)
            position = event.id
        }
        guard !isEnded else { return }
        if isWritten { position = max(position, page.events.end) }
        let isWhole = isWritten && page.events.isLast
        // What isn't in the last page up to there was replaced by a later state.
        if isWhole { position = max(position, page.seen) }
        let room = worker.rooms.position(of: conversation)
        subscription.flow =
            subscription.missedSomething ? .behind(position) : .behindPage(at: position, isLast: isWhole, room: room)
    }
}
