internal import Shared

/// The way of sent messages into Redis: batched per partition, repeated until their outcome is known.
///
/// Confined to its loop.
final class WritePath {
    /// So many messages, and so many bytes of them, may wait on one loop; further ones are asked to try later.
    private static let maximumWaiting = 65_536
    private static let maximumWaitingBytes = 32 << 20
    /// A message whose conversation is cold or archived again after so many loads is asked to try later.
    private static let maximumLoads = 4
    /// Milliseconds between two looks at deadlines.
    private static let deadlineStep: Int64 = 250
    /// Refusals of Redis that pass by themselves; the call wasn't made, so the batch waits and goes again.
    private static let passing: Set<Substring> = ["LOADING", "TRYAGAIN", "CLUSTERDOWN", "BUSY"]

    private let node: NodeContext
    private let redis: RedisConnection
    private let loader: ConversationLoader
    private let vault: ContentVault?
    private let partitioning: Partitioning
    private let limits: AcceptCall.Limits
    private let loop: EventLoop
    private let metrics: GatewayMetrics
    private var lanes: [Lane]
    private var dirty: Set<Int> = []
    private var resting = RestingLanes()
    private var waitingCount = 0
    private var waitingBytes = 0
    /// The highest event id that this loop knows of a conversation.
    var seen: (UUID) -> EventID = { _ in .zero }
    /// Called with a conversation of which Redis has lost events.
    var forkFound: (UUID) -> Void = { _ in }
    /// Called with a conversation that is archived for its age and in which somebody writes, and with what to do then.
    var unarchive: (UUID, @escaping (Unarchiver.Outcome) -> Void) -> Void = { _, completion in completion(.refused) }

    init(
        node: NodeContext, redis: RedisConnection, loader: ConversationLoader, vault: ContentVault?, loop: EventLoop
    ) {
        self.node = node
        self.redis = redis
        self.loader = loader
        self.vault = vault
        partitioning = node.partitioning
        limits = AcceptCall.Limits(
            dedupeWindow: node.config.common.dedupeWindow, maximumEntries: Int64(node.config.streamMaximumEntries),
            maximumBytes: Int64(node.config.streamMaximumBytes), stateTTL: node.config.common.stateTTL)
        metrics = node.metrics
        self.loop = loop
        lanes = Array(repeating: Lane(), count: partitioning.partitions.count)
        loop.atEndOfTurn(.batch) { [weak self] in self?.sendBatches() }
        redis.onReady { [weak self] in self?.retryAll() }
        loop.scheduleRepeating(every: Self.deadlineStep) { [weak self] in
            self?.expire()
            return self != nil
        }
    }

    /// Whether every message's outcome has been told.
    var isIdle: Bool { waitingCount == 0 }

    /// Takes a message; its completion is called later, in the order of the conversation.
    func submit(_ draft: Draft) {
        guard waitingCount < Self.maximumWaiting, waitingBytes < Self.maximumWaitingBytes else {
            return draft.completion(.refused(.unavailable("too many messages wait")))
        }
        waitingCount += 1
        waitingBytes += draft.submittedByteCount
        var draft = draft
        guard let vault else {
            draft.seal(with: nil)
            return enqueue(draft)
        }
        vault.withKey(of: draft.conversation, makes: true) { [self] found in
            switch found {
            case .key(let key) where draft.deadline > loop.now:
                draft.seal(with: key)
                enqueue(draft)
            case .key: complete(draft, .refused(.unavailable("the conversation's key did not come in time")))
            case .notFound: complete(draft, .refused(.notFound))
            case .unavailable(let error): complete(draft, .refused(.unavailable("\(error)")))
            }
        }
    }

    private func enqueue(_ draft: Draft) {
        let number = partitioning.partition(of: draft.conversation).number
        lanes[number].append(draft)
        dirty.insert(number)
    }

    private func sendBatches() {
        guard !dirty.isEmpty else { return }
        let numbers = dirty
        dirty.removeAll(keepingCapacity: true)
        guard redis.isReady else { return }
        for number in numbers where !resting.contains(number) { send(number) }
    }

    private func retryAll() {
        resting.wakeAll()
        for number in lanes.indices where !lanes[number].isEmpty { dirty.insert(number) }
    }

    private func send(_ number: Int) {
        let batch = lanes[number].takeBatch()
        guard !batch.isEmpty else { return }
        metrics.acceptCalls.increment()
        var limits = limits
        // Repeats are still answered, and what makes room goes on.
        if node.isRedisFull { limits.maximumBytes = 0 }
        let command = AcceptCall.command(
            batch, partitioning.partitions[number], limits: limits, now: WallClock.nowMilliseconds(), seen: seen)
        redis.send(command) { [weak self] result in self?.finish(number, result) }
    }

    private func finish(_ number: Int, _ result: Result<RedisReply, RedisError>) {
        switch result {
        case .success(let reply):
            resting.succeeded(number)
            guard let answers = AcceptCall.answers(in: reply, count: lanes[number].batch.count) else {
                return refuseBatch(number, .outcomeUnknown)
            }
            for (draft, answer) in zip(lanes[number].finishBatch(), answers) { settle(draft, answer, number) }
        case .failure(let error):
            handle(error, number)
        }
        if !lanes[number].isInFlight { dirty.insert(number) }
    }

    private func handle(_ error: RedisError, _ number: Int) {
        if error.code == "NOSCRIPT" {
            // Loading is queued first, so the repeated call finds the script.
            lanes[number].keepBatch()
            redis.send(RedisScripts.accept.loadCommand) { _ in }
        } else if let code = error.code, Self.passing.contains(code) {
            lanes[number].keepBatch()
            metrics.acceptRetries.increment()
            loop.schedule(after: resting.rest(number)) { [weak self] in
                self?.resting.wake(number)
                self?.dirty.insert(number)
            }
        } else if let code = error.code, RedisConnection.refusedElsewhere.contains(code) {
            // The batch goes again on the next connection.
            lanes[number].keepBatch()
            metrics.acceptRetries.increment()
        } else if case .refused(let text) = error {
            refuseBatch(number, .unavailable(text))
        } else if case .unexpectedReply = error {
            refuseBatch(number, .outcomeUnknown)
        } else {
            lanes[number].keepBatch(mayBeAccepted: error.isOutcomeUnknown)
            metrics.acceptRetries.increment()
        }
    }

    private func refuseBatch(_ number: Int, _ refusal: SendRefusal) {
        for draft in lanes[number].finishBatch() { complete(draft, .refused(refusal)) }
    }

    private func settle(_ draft: Draft, _ answer: AcceptCall.Answer, _ number: Int) {
        switch answer {
        case .accepted(let id): complete(draft, .accepted(id: id, isRepeat: false))
        case .forked(let id):
            complete(draft, .accepted(id: id, isRepeat: false))
            forkFound(draft.conversation)
        case .repeated(let id): complete(draft, .accepted(id: id, isRepeat: true))
        case .archivedByAge where draft.loads < Self.maximumLoads: layAside(draft, number)
        case .archivedByAge: complete(draft, .refused(.archived))
        // An edit or a deletion behind a message that takes the conversation out.
        case .refused(.archived) where lanes[number].isParked(draft.conversation): layAside(draft, number)
        case .refused(let refusal): complete(draft, .refused(refusal))
        case .cold:
            var draft = draft
            draft.loads += 1
            let conversation = draft.conversation
            guard lanes[number].park(draft) else { return }
            metrics.coldLoads.increment()
            loader.load(conversation) { [weak self] outcome in self?.loaded(conversation, outcome, number) }
        }
    }

    private func loaded(_ conversation: UUID, _ outcome: ConversationLoader.Outcome, _ number: Int) {
        let drafts = lanes[number].unpark(conversation)
        dirty.insert(number)
        switch outcome {
        case .loaded:
            lanes[number].prepend(drafts.filter { $0.loads < Self.maximumLoads })
            for draft in drafts where draft.loads >= Self.maximumLoads {
                complete(draft, .refused(.unavailable("the conversation is changing")))
            }
        case .notFound:
            for draft in drafts { complete(draft, .refused(.notFound)) }
        case .unavailable(let reason):
            for draft in drafts { complete(draft, .refused(.unavailable(reason))) }
        }
    }

    private func layAside(_ draft: Draft, _ number: Int) {
        var draft = draft
        draft.loads += 1
        draft.isRefusedByArchive = true
        let conversation = draft.conversation
        guard lanes[number].park(draft) else { return }
        unarchive(conversation) { [weak self] outcome in self?.unarchived(conversation, outcome, number) }
    }

    private func unarchived(_ conversation: UUID, _ outcome: Unarchiver.Outcome, _ number: Int) {
        var drafts = lanes[number].unpark(conversation)
        dirty.insert(number)
        let refusal: SendRefusal? =
            switch outcome {
            case .unarchived: nil
            case .refused: .archived
            case .unavailable(let reason): .unavailable(reason)
            }
        if let refusal {
            for draft in drafts where draft.isRefusedByArchive { complete(draft, .refused(refusal)) }
            drafts.removeAll(where: \.isRefusedByArchive)
        }
        lanes[number].prepend(drafts)
    }

    private func expire() {
        guard waitingCount > 0 else { return }
        for number in lanes.indices where !lanes[number].isEmpty {
            for draft in lanes[number].removeExpired(at: loop.now) {
                complete(draft, .refused(.unavailable("the stores did not answer in time")))
            }
        }
    }

    private func complete(_ draft: Draft, _ outcome: SendOutcome) {
        waitingCount -= 1
        waitingBytes -= draft.submittedByteCount
        draft.completion(draft.mayBeAccepted ? outcome.withDoubt : outcome)
    }
}
