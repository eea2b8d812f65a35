internal import Shared

/// What a session listens to.
extension ClientSession {
    /// So often, and with so many milliseconds between, Redis is asked for members that are as new as the room's.
    private static let membershipAttempts = 10
    private static let membershipPause: Int64 = 50

    func subscribe(
        _ id: String, _ destinationText: String, _ mode: StompAckMode, _ frame: StompFrame, hasID: Bool,
        receipt: String?
    ) {
        guard let destination = Destination(destinationText) else {
            order.stomp.dropSubscription(id)
            let error = CommandError(.unknownDestination, "Nothing can be subscribed to at this destination.")
            return refuse(error, destination: destinationText, receipt: receipt)
        }
        guard !destination.isOfUser || queueSubscriptions < Self.maximumQueueSubscriptions else {
            order.stomp.dropSubscription(id)
            let error = CommandError(
                .tooManySubscriptions, "The session has too many subscriptions to its user's queues.")
            return refuse(error, destination: destinationText, receipt: receipt)
        }
        if let retryAfter = worker.limiter.takeAtOnce(.subscribes, .user(identity.user)) {
            order.stomp.dropSubscription(id)
            return refuse(.tooFast(retryAfter: retryAfter), destination: destinationText, receipt: receipt)
        }
        let style = FrameStyle(
            subscription: hasID ? id : nil, destination: destinationText, version: version,
            compressor: webSocket.compressor)
        let subscription = Subscription(id: id, destination: destination, style: style, session: self)
        if mode != .auto {
            subscription.open(
                AckWindow(
                    subscription: nextWindow, mode: mode, capacity: worker.node.config.webSocket.maximumUnacknowledged))
            nextWindow += 1
        }
        var place: QueuePosition?
        if let header = frame.headerBytes("resume-after") {
            place = QueuePosition(header)
            guard let place, destination == .messages || place == QueuePosition(event: place.event)
            else {
                order.stomp.dropSubscription(id)
                let error = CommandError(
                    .invalidField, "The header resume-after must be an event id, or a queue's position.",
                    field: "resume-after")
                return refuse(error, destination: destinationText, receipt: receipt)
            }
        }
        switch destination {
        case .acks, .errors:
            add(subscription)
            replyQueues.append(subscription)
            confirm(subscription, receipt)
        case .messages: openUserQueue(subscription, resumeAfter: place, receipt: receipt)
        case .conversations, .receipts:
            add(subscription)
            carryOut { [self] in
                // The session may have ended before this began: nobody would take the subscription out any more.
                guard !isEnded else { return }
                guard await listen(subscription, receipt) else { return }
                confirm(subscription, receipt)
            }
        case .conversation(let conversation), .typing(let conversation):
            carryOut { [self] in
                await join(conversation, subscription, resumeAfter: place?.event, receipt: receipt)
            }
        }
    }

    /// Waits until what concerns the user comes in; false where the session has ended meanwhile, or the subscription was refused.
    func listen(_ subscription: Subscription, _ receipt: String?) async -> Bool {
        let isConfirmed = await worker.userQueues.add(subscription, of: identity.user)
        guard !isEnded else { return false }
        if isConfirmed { return true }
        order.stomp.dropSubscription(subscription.id)
        removeSubscription(subscription.id)
        refuse(.unavailable(), destination: subscription.style.destination, receipt: receipt)
        return false
    }

    /// Authorised is after the channel is confirmed: a removal in between would else be missed.
    private func join(
        _ conversation: UUID, _ subscription: Subscription, resumeAfter: EventID?, receipt: String?
    ) async {
        let text = subscription.style.destination
        func refuse(_ error: CommandError) {
            order.stomp.dropSubscription(subscription.id)
            if !isEnded { self.refuse(error, destination: text, receipt: receipt) }
        }
        let room: Room
        switch await worker.rooms.open(conversation) {
        case .success(let opened): room = opened
        case .failure(.unavailable): return refuse(.unavailable())
        case .failure(.notFound):
            worker.log.authorisationFailed("subscribe", origin, conversation)
            return refuse(.conversationNotFound)
        }
        var answer = await worker.membership.check(identity.user, in: conversation)
        // Redis may know less than the room does, after a failover for instance, and for long.
        var attempt = 0
        while !isEnded, case .member(_, let version, _, _) = answer, version < room.version {
            attempt += 1
            guard attempt < Self.membershipAttempts else {
                answer = .unavailable("the room knows of newer members than Redis does")
                break
            }
            await worker.loop.sleep(milliseconds: Self.membershipPause)
            answer = await worker.membership.check(identity.user, in: conversation)
        }
        guard case .member(_, let version, let known, let size) = answer, !isEnded else {
            worker.rooms.release(room)
            if case .unavailable = answer { return refuse(.unavailable()) }
            worker.log.authorisationFailed("subscribe", origin, conversation)
            return refuse(.conversationNotFound)
        }
        // The room may have gone on since Redis was asked: what it was given meanwhile isn't brought.
        let head = max(known, room.position)
        add(subscription)
        subscription.version = version
        room.size = size
        guard case .conversation = subscription.destination else {
            room.add(subscription)
            return confirm(subscription, receipt)
        }
        let start = DeliveryStart(begins: room.position)
        topics[conversation, default: Topic(start: start)].count += 1
        // Nothing that happens now may overtake the RECEIPT and the replay.
        if let resumeAfter { subscription.flow = .behind(resumeAfter) }
        room.add(subscription)
        guard let resumeAfter else { return confirm(subscription, receipt, [("head", head.description)]) }
        let isRecovered = await mayReplay(conversation, after: resumeAfter, head: head)
        guard case .behind = subscription.flow else { return }
        if isRecovered { topics[conversation]?.start.claim() }
        confirm(subscription, receipt, [("recovered", String(isRecovered)), ("head", head.description)])
        readOn(subscription, from: isRecovered ? resumeAfter : head)
    }

    /// Whether everything after an event can be brought: not when there is no such event yet, nor when too much came since.
    private func mayReplay(_ conversation: UUID, after event: EventID, head: EventID) async -> Bool {
        guard event <= head else { return false }
        do throws(ReadError) {
            return try await worker.reader.isWithin(
                worker.node.config.webSocket.maximumReplay, of: conversation, after: event)
        } catch {
            // Replaying waits until the stores are back.
            return true
        }
    }

    private var queueSubscriptions: Int { subscriptions.values.count { $0.destination.isOfUser } }

    func confirm(_ subscription: Subscription, _ receipt: String?, _ headers: [(String, String)] = []) {
        worker.log.subscribed(origin, subscription.style.destination)
        sendReceipt(receipt, headers)
    }

    /// Ends a subscription that the server doesn't allow any more, and says so.
    func cut(_ subscription: Subscription, _ error: CommandError) {
        guard !isEnded, subscriptions[subscription.id] === subscription else { return }
        order.stomp.dropSubscription(subscription.id)
        removeSubscription(subscription.id)
        worker.log.info(
            "subscription cut",
            [
                .session: .string(id), .user: .uuid(identity.user),
                .destination: .string(subscription.style.destination), .code: .string(error.code.rawValue),
            ])
        refuse(error, destination: subscription.style.destination, receipt: nil)
    }

    /// Takes a subscription into the session.
    func add(_ subscription: Subscription) {
        subscriptions[subscription.id] = subscription
        if let window = subscription.window { windows[window.subscription] = subscription }
    }

    /// Ends a subscription; harmless for one that is unknown.
    func removeSubscription(_ id: String) {
        guard let subscription = subscriptions.removeValue(forKey: id) else { return }
        subscription.flow = .ended
        if let window = subscription.window {
            subscription.settleNothing()
            windows[window.subscription] = nil
        }
        switch subscription.destination {
        case .acks, .errors: replyQueues.removeAll { $0 === subscription }
        case .messages, .conversations, .receipts: worker.userQueues.remove(subscription, of: identity.user)
        case .conversation(let conversation):
            topics[conversation]?.count -= 1
            if topics[conversation]?.count == 0 {
                // What the topic brought and no pong has followed counts for nothing where it began in the middle.
                if topics[conversation]?.start.isComplete == false { deliveries.forget(conversation) }
                topics[conversation] = nil
            }
            worker.rooms.remove(subscription, from: conversation)
        case .typing(let conversation): worker.rooms.remove(subscription, from: conversation)
        }
        wakeSubscriptions()
    }
}
