internal import Shared

/// How a subscription that is behind becomes live again: it reads page by page, as fast as the socket drains.
extension ClientSession {
    /// Events per page.
    private static let page = 100
    /// Milliseconds between two attempts while the sources are away.
    private static let retryInterval: Int64 = 1_000

    /// The socket or the window of a live subscription is full: from here on it reads for itself.
    func fellBehind(_ subscription: Subscription, at position: Int64) {
        guard case .conversation(let conversation) = subscription.destination else { return }
        worker.metrics.slowConsumers.increment()
        subscription.flow = .behind(position)
        catchUp(subscription, conversation)
    }

    /// Something that was published may have been missed: from here on the subscription reads for itself.
    func readOn(_ subscription: Subscription, from position: Int64) {
        guard case .conversation(let conversation) = subscription.destination else { return }
        subscription.flow = .behind(position)
        catchUp(subscription, conversation)
    }

    func catchUp(_ subscription: Subscription, _ conversation: UUID) {
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
            worker.metrics.replayedEvents.increment()
            position = event.id
        }
        let live = worker.rooms.position(of: conversation)
        subscription.flow = position >= live || events.isEmpty ? .ahead(position) : .behind(position)
    }
}
