internal import Shared

/// `/user/queue/messages`: what a user missed comes first, then everything as it happens.
///
/// A position is an event id, and ids carry their time: a device that resumes gets every event of the user's DIRECT
/// conversations after it. So it goes on with an event only where nothing older of another conversation is still to come:
/// while a subscription catches up, what it gets carries the position from which it started, and while the node fetches
/// something for the user the position stays.
extension ClientSession {
    /// Events of different conversations come in another order than their ids say, by this much at most; so much is read
    /// again, and recognised by its ids.
    private static let overlap: Int64 = 10_000
    /// So long the inbox sets remember.
    private static let memory: Int64 = 30 * 86_400_000
    /// Milliseconds between two attempts while the stores are away.
    private static let retryInterval: Int64 = 1_000

    func openUserQueue(_ subscription: Subscription, resumeAfter place: QueuePosition?, receipt: String?) {
        subscriptions[subscription.id] = subscription
        // Nothing may overtake what was missed.
        subscription.flow = .behind(.zero)
        let now = EventID(at: WallClock.nowMilliseconds())
        let (latest, earliest) =
            (now.earlier(byMilliseconds: -Self.overlap), now.earlier(byMilliseconds: Self.memory))
        let isRecovered = place.map { $0.event <= latest && $0.event >= earliest } ?? true
        let start = place ?? QueuePosition(event: now, owesUndelivered: true)
        subscription.position = isRecovered ? start : QueuePosition(event: now)
        carryOut { [self] in
            // Before anything can come in: what another device gets from now on is missed here all the same.
            if place == nil { try? await noteDelivered(subscription) }
            guard !isEnded else { return }
            guard await listen(subscription, receipt) else { return }
            confirm(
                subscription, receipt,
                [("recovered", String(isRecovered)), ("position", subscription.position.text)])
            catchUp(subscription)
        }
    }

    /// Notes where the undelivered begins in each conversation.
    private func noteDelivered(_ subscription: Subscription) async throws(ReadError) {
        let news: [(conversation: UUID, lastEvent: EventID)]
        do {
            news = try await worker.inbox.conversations(of: identity.user, above: .zero)
        } catch {
            throw .redis(error)
        }
        for (conversation, _) in news {
            let cursors = try await worker.cursors.loadedCursors(of: conversation)
            subscription.brought[conversation] = cursors.positions[identity.user]?.delivered ?? .zero
        }
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
        let place = subscription.position
        let after = place.event.earlier(byMilliseconds: Self.overlap)
        let news: [(conversation: UUID, lastEvent: EventID)]
        do {
            news = try await worker.inbox.conversations(
                of: identity.user, above: place.owesUndelivered ? .zero : after)
        } catch {
            throw .redis(error)
        }
        for (conversation, lastEvent) in news where subscription.brought[conversation] ?? .zero < lastEvent {
            let cursors = try await worker.cursors.loadedCursors(of: conversation)
            let delivered = cursors.positions[identity.user]?.delivered ?? .zero
            let missed = place.owesUndelivered ? min(delivered, after) : after
            let start = max(missed, subscription.brought[conversation] ?? .zero)
            // What a topic brings, too, doesn't come twice.
            let end = topics[conversation]?.begins ?? .highest
            guard start < min(lastEvent, end) else { continue }
            try await read(conversation, after: start, upTo: end, cursors, subscription)
        }
    }

    private func read(
        _ conversation: UUID, after start: EventID, upTo end: EventID, _ cursors: Cursors, _ subscription: Subscription
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
            let page = try await worker.reader.events(of: conversation, after: position, limit: PageReader.page)
            let events = page.events
            for event in events {
                guard event.id <= end else { return }
                // One's own messages from before a device came first are nothing that it has missed.
                let place = subscription.position
                let isOwn = place.owesUndelivered && event.id <= place.event && event.sender == identity.user
                if !isOwn, !subscription.write(event, EventFrames(event, cursors)) { break }
                if !isOwn { wasReplayed(on: subscription) }
                position = event.id
                subscription.brought[conversation] = event.id
            }
            guard events.last.map({ $0.id <= position }) ?? true else { continue }
            position = max(position, page.end)
            if page.isLast { return }
        }
    }
}
