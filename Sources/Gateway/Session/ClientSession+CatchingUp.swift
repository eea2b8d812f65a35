internal import Shared

/// How a subscription that is behind becomes live again: it reads page by page, as fast as the socket drains.
extension ClientSession {
    /// Events per page.
    private static let page = 100
    /// Milliseconds between two attempts while the sources are away.
    private static let retryInterval: Int64 = 1_000

    /// The socket or the window of a live subscription is full: from here on it reads for itself.
    func fellBehind(_ subscription: Subscription, at position: Int64) {
        worker.metrics.slowConsumers.increment()
        readOn(subscription, from: position)
    }

    /// Something was missed: from here on the subscription reads for itself.
    func readOn(_ subscription: Subscription, from position: Int64) {
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
                    let events = try await worker.reader.events(of: conversation, after: position, limit: Self.page)
                    let cursors = await worker.cursors.cursors(of: conversation)
                    take(events, cursors, subscription, conversation)
                } catch {
                    // The gap stays known, so nothing is lost by waiting.
                    await worker.loop.sleep(milliseconds: Self.retryInterval)
                }
            }
        }
    }

    /// Counts an event that was read again; a client that doesn't catch up with what comes in meanwhile has to resume.
    func wasReplayed(on subscription: Subscription) {
        worker.metrics.replayedEvents.increment()
        subscription.replayed += 1
        guard subscription.replayed > 2 * worker.node.config.webSocket.maximumReplay else { return }
        fail(StompFailure(.tooSlow, "The subscription doesn't catch up."), .tooManyOrTooSlow)
    }

    /// Whether the socket has drained enough for a page, and the window has room.
    func takesPage(_ subscription: Subscription) -> Bool {
        connection.queuedBytes <= worker.node.config.webSocket.sendQueueBytes / 4
            && subscription.window?.isFull != true
    }

    func drained() async {
        await withCheckedContinuation { continuation in drainWaiters.append { continuation.resume() } }
    }

    private func take(_ events: [Event], _ cursors: Cursors, _ subscription: Subscription, _ conversation: UUID) {
        guard case .behind(var position) = subscription.flow else { return }
        for event in events where event.id > position {
            guard subscription.write(event, EventFrames(event, cursors)) else { break }
            wasReplayed(on: subscription)
            position = event.id
        }
        guard !isEnded else { return }
        let live = worker.rooms.position(of: conversation)
        subscription.flow = position >= live || events.isEmpty ? .ahead(position) : .behind(position)
    }
}
