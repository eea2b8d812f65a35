internal import Shared

/// How a subscription that is behind becomes live again: it reads page by page, as fast as the socket drains.
extension ClientSession {
    /// Events per page.
    private static let page = 100
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
            while case .behind(let position) = subscription.flow {
                guard takesPage(subscription) else {
                    await drained()
                    continue
                }
                do throws(ReadError) {
                    let seen = worker.rooms.position(of: conversation)
                    subscription.missedSomething = false
                    let events = try await worker.reader.events(of: conversation, after: position, limit: Self.page)
                    let cursors = await worker.cursors.cursors(of: conversation)
                    // Whoever isn't in it any more gets nothing that was accepted since; what was read before he was looked
                    // at was accepted before.
                    guard await isStillMember(of: conversation, subscription) else { continue }
                    take(events, cursors, subscription, conversation, seen)
                } catch {
                    // The gap stays known, so nothing is lost by waiting.
                    await worker.loop.sleep(milliseconds: Self.retryInterval)
                }
            }
        }
    }

    /// Whether the user may have a page that was read; cuts the subscription where he isn't in the conversation any more.
    private func isStillMember(of conversation: UUID, _ subscription: Subscription) async -> Bool {
        switch await worker.membership.check(identity.user, in: conversation) {
        case .member: return true
        case .notMember, .notFound: cut(subscription, .conversationNotFound)
        case .unavailable: await worker.loop.sleep(milliseconds: Self.retryInterval)
        }
        return false
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
    private func take(
        _ events: [Event], _ cursors: Cursors, _ subscription: Subscription, _ conversation: UUID, _ seen: EventID
    ) {
        guard case .behind(var position) = subscription.flow else { return }
        var isWhole = events.count < Self.page
        for event in events where event.id > position {
            guard subscription.write(event, EventFrames(event, cursors)) else {
                isWhole = false
                break
            }
            wasReplayed(on: subscription)
            position = event.id
        }
        guard !isEnded else { return }
        // What isn't in the last page up to there was replaced by a later state.
        if isWhole { position = max(position, seen) }
        let room = worker.rooms.position(of: conversation)
        subscription.flow =
            subscription.missedSomething ? .behind(position) : .behindPage(at: position, isLast: isWhole, room: room)
    }
}
