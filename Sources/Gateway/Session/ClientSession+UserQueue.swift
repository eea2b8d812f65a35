internal import Shared

/// `/user/queue/messages`: what a user missed comes first, then everything as it happens.
///
/// A position is an event id, and ids carry their time: a device that resumes gets every event of the user's DIRECT
/// conversations after it. So it goes on with an event only where nothing older of another conversation is still to come:
/// while a subscription catches up, what it gets carries the position from which it started, and while the node fetches
/// something for the user the position stays.
extension ClientSession {
    /// Milliseconds between two attempts while the stores are away.
    private static let retryInterval: Int64 = 1_000

    func openUserQueue(_ subscription: Subscription, resumeAfter place: QueuePosition?, receipt: String?) {
        add(subscription)
        // Nothing may overtake what was missed.
        subscription.flow = .behind(.zero)
        let node = worker.node
        let clock = node.queueClock
        var present = QueuePosition(event: EventID(at: clock.time), epoch: clock.epoch)
        present.owesUndelivered = place == nil
        let start = place.map { $0.resumed(at: node.redisTime, node.clockJumps) } ?? present
        let isRecovered = start != nil
        subscription.position = start ?? present
        carryOut { [self] in
            // Before anything can come in: what another device gets from now on is missed here all the same.
            if place == nil { try? await noteDelivered(subscription) }
            guard !isEnded else { return }
            guard await listen(subscription, receipt) else { return }
            confirm(
                subscription, receipt,
                [
                    ("recovered", String(isRecovered)),
                    ("position", subscription.position.text(oldestFormat: node.oldestFormat)),
                ])
            catchUp(subscription)
        }
    }

    /// Notes where the undelivered begins in each conversation that has some.
    private func noteDelivered(_ subscription: Subscription) async throws(ReadError) {
        for entry in try await news(subscription.position) {
            subscription.brought[entry.conversation] = entry.delivered
        }
    }

    private func news(_ place: QueuePosition) async throws(ReadError) -> [InboxEntry] {
        try await worker.inbox.news(
            of: identity.user, after: place.event.earlier(byMilliseconds: QueuePosition.overlap),
            undelivered: place.owesUndelivered)
    }

    /// Something was missed, or the socket is full: the subscription reads for itself from its position.
    func userQueueFellBehind(_ subscription: Subscription) {
        guard case .live = subscription.flow else {
            subscription.missedSomething = true
            return
        }
        worker.metrics.slowConsumers.increment()
        subscription.flow = .behind(.zero)
        subscription.replayed = 0
        catchUp(subscription)
    }

    /// Reads until nothing is missing; the first subscription of a device begins with what isn't delivered yet.
    private func catchUp(_ subscription: Subscription) {
        worker.loop.spawn { [self] in
            repeat {
                subscription.missedSomething = false
                do throws(ReadError) {
                    try await readMissed(subscription)
                } catch {
                    subscription.missedSomething = true
                    await worker.loop.sleep(milliseconds: Self.retryInterval)
                }
                guard case .behind = subscription.flow else { return }
            } while subscription.missedSomething
            subscription.flow = .live
            subscription.position.owesUndelivered = false
        }
    }

    private func readMissed(_ subscription: Subscription) async throws(ReadError) {
        // The clock may have gone back since the position was given.
        subscription.position.follow(worker.node.clockJumps)
        let place = subscription.position
        let after = place.event.earlier(byMilliseconds: QueuePosition.overlap)
        for entry in try await news(place) {
            guard case .behind = subscription.flow else { return }
            let brought = subscription.brought[entry.conversation] ?? .zero
            let missed = place.owesUndelivered ? min(entry.delivered, after) : after
            let start = max(missed, brought)
            // What a topic brings, too, doesn't come twice.
            let end = topics[entry.conversation]?.start.begins ?? .highest
            guard start < min(entry.lastEvent, end) else { continue }
            try await read(entry.conversation, after: start, upTo: end, subscription)
        }
    }

    private func read(
        _ conversation: UUID, after start: EventID, upTo end: EventID, _ subscription: Subscription
    ) async throws(ReadError) {
        var position = start
        while case .behind = subscription.flow {
            guard takesPage(subscription) else {
                await drained()
                continue
            }
            await pages.takeTurn()
            defer { pages.endTurn() }
            // Those before may have filled the socket.
            guard takesPage(subscription) else { continue }
            let page = try await worker.pages.ownPage(of: conversation, after: position)
            // It may have ended while the page was on its way.
            guard case .behind = subscription.flow else { return }
            guard write(page, of: conversation, upTo: end, subscription, &position) else { continue }
            position = max(position, page.events.end)
            if page.events.isLast || position >= end { return }
        }
    }

    /// Writes a page up to an event; false where the socket or the window took only a part of it.
    private func write(
        _ page: SubscriberPage, of conversation: UUID, upTo end: EventID, _ subscription: Subscription,
        _ position: inout EventID
    ) -> Bool {
        for (event, frames) in zip(page.events.events, page.frames) where event.id <= end {
            // One's own messages from before a device came first are nothing that it has missed.
            let place = subscription.position
            let isOwn = place.owesUndelivered && event.id <= place.event && event.sender == identity.user
            if !isOwn {
                guard subscription.write(event, frames) else { return false }
                wasReplayed(on: subscription)
            }
            position = event.id
            subscription.brought[conversation] = event.id
        }
        return true
    }
}
