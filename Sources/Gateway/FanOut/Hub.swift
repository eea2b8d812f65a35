internal import Shared

/// The node's one ear for pub/sub: keeps the position of each followed conversation, fills holes, and hands each event once
/// to every worker that has somebody for it.
///
/// Confined to the loop of the first worker.
final class Hub {
    enum FollowAnswer: Sendable, Equatable {
        /// Everything after this event will be handed over.
        case live(position: EventID)
        case notFound
        case unavailable(String)
    }

    let loop: EventLoop
    let log: Logger
    let metrics: GatewayMetrics
    let membership: Membership
    let reader: EventReader
    let forks: ForkRepair
    let partitioning: Partitioning
    let subscriber: RedisSubscriber
    /// All workers by index; set before the loops run.
    var workers: [LoopReference<Worker>] = []
    var entries: [UUID: FeedEntry] = [:]
    var users: [UUID: UserEntry] = [:]
    var heldBack = HeldBack()
    /// The conversations whose heads are to be compared, and when to look at them next.
    var heads: HeadQueue
    var headTimer: TimerID?
    /// Whose heads are compared next, and what may be forgotten.
    var audited = Sweep(calls: 10)
    var idleEntries = Sweep(calls: 20)
    var idleUsers = Sweep(calls: 20)
    /// So many holes are read for at a time: each brings a page.
    let fills = Turns(atOnce: 8)
    /// Called for what comes in on a channel of neither a conversation nor a user, and when such a one is confirmed.
    var onOtherMessage: (_ channel: [UInt8]) -> Void = { _ in }
    var onOtherConfirmed: (_ channel: String) -> Void = { _ in }
    private var outbox: [[Delivery]] = []

    init(
        subscriber: RedisSubscriber, membership: Membership, reader: EventReader, forks: ForkRepair,
        partitioning: Partitioning, metrics: GatewayMetrics, log: Logger, loop: EventLoop
    ) {
        self.subscriber = subscriber
        self.membership = membership
        self.reader = reader
        self.forks = forks
        self.partitioning = partitioning
        heads = HeadQueue(partitions: partitioning.partitions.count)
        self.metrics = metrics
        self.log = log
        self.loop = loop
        subscriber.onMessage = { [weak self] channel, payload in self?.receive(channel, payload) }
        subscriber.onSubscribed = { [weak self] channel in self?.confirmed(channel) }
        subscriber.onLost = { [weak self] reason in self?.lost(reason) }
        membership.bulk.onReady { [weak self] in self?.askHeads() }
        loop.atEndOfTurn(.relay) { [weak self] in
            self?.relay()
            self?.askHeads()
        }
    }

    // MARK: What comes in

    private func receive(_ channel: [UInt8], _ payload: [UInt8]) {
        if let event = Event(payload) {
            metrics.eventsReceived.increment()
            receive(event)
        } else if let typing = TypingNotice(payload) {
            guard let entry = entries[typing.conversation] else { return }
            for worker in entry.workers { hand(.typing(typing), to: worker) }
        } else if let notice = MembersNotice(payload) {
            guard let entry = entries[notice.conversation] else { return }
            see(notice.version, entry)
        } else if let json = ConversationNotice.json(in: payload) {
            guard let user = UUID(channel.dropFirst(2)), let entry = users[user] else { return }
            for worker in entry.workers { hand(.conversationNotice(user: user, json: json), to: worker) }
        } else if let json = ReceiptNotice.json(in: payload) {
            guard let user = UUID(channel.dropFirst(2)), let entry = users[user] else { return }
            for worker in entry.workers { hand(.receipt(user: user, json: json), to: worker) }
        } else if let notice = GroupNotice(payload) {
            guard let entry = entries[notice.conversation] else { return }
            for worker in entry.workers { hand(.groupNotice(notice), to: worker) }
        } else if let notice = CursorNotice(payload) {
            guard let entry = entries[notice.conversation] else { return }
            for worker in entry.workers { hand(.cursors(notice), to: worker) }
        } else {
            onOtherMessage(channel)
        }
    }

    private func receive(_ event: Event) {
        let entry: FeedEntry
        if let known = entries[event.conversation] {
            entry = known
        } else {
            // A DIRECT conversation that nobody here has opened: the participants' own channels bring it.
            guard event.head.recipients.contains(where: { users[$0] != nil }) else { return }
            entry = FeedEntry(event.conversation, ConversationFeed(opening: false))
            entries[event.conversation] = entry
        }
        entry.lastUsed = loop.now
        entry.recipients = event.head.recipients
        let action = entry.feed.receive(event)
        if case .fill = action {
            metrics.holes.increment()
            log.info(
                "hole found",
                [
                    .conversation: .uuid(event.conversation), .eventID: .id(event.id),
                    .previousEventID: .id(event.previousID), .position: .id(entry.feed.position ?? .zero),
                ])
        }
        perform(action, entry)
        if entry.isHeld { heldBack.note(entry) }
    }

    func perform(_ action: ConversationFeed.Action, _ entry: FeedEntry) {
        switch action {
        case .forward(let events):
            forward(events, entry)
            settled(entry)
        case .ignore: metrics.eventsRepeated.increment()
        case .wait: break
        case .fill(let after): fill(entry, after: after)
        case .mend(let after):
            mend(entry, seen: after)
            fill(entry, after: after)
        case .stray(let event):
            forward(stray: event, entry)
            mend(entry, seen: entry.feed.position ?? .zero)
        case .skip(_, let events):
            skip(entry, upTo: events.last?.id ?? .zero)
            forward(events, entry)
            settled(entry)
        }
    }

    /// What is live goes on meanwhile: history and later ids are what has to be mended.
    func mend(_ entry: FeedEntry, seen: EventID) {
        loop.spawn { await self.forks.repair(entry.conversation, seen: seen) }
    }

    // MARK: What goes out

    func forward(_ events: [Event], _ entry: FeedEntry, holesBefore: Set<EventID> = []) {
        for event in events {
            if holesBefore.contains(event.id) { entry.holesBefore.insert(event.id) }
            // What PostgreSQL had carries no version: it is older than what is being checked.
            if event.head.version != 0 { see(event.head.version, entry) }
            guard !entry.isChecking else {
                entry.held.append(.event(event))
                continue
            }
            let isBehindHole = !entry.holesBefore.isEmpty && entry.holesBefore.remove(event.id) != nil
            let delivery = Delivery.event(event, isBehindHole: isBehindHole, lacking: lacking(event.head.recipients))
            for worker in targets(of: entry, event.head.recipients) { hand(delivery, to: worker) }
        }
    }

    /// An event out of its turn goes past no check of the members either.
    private func forward(stray event: Event, _ entry: FeedEntry) {
        if event.head.version != 0 { see(event.head.version, entry) }
        guard !entry.isChecking else { return entry.held.append(.stray(event)) }
        for worker in targets(of: entry, event.head.recipients) { hand(.stray(event), to: worker) }
    }

    /// Passes on what was held back.
    func release(_ held: [FeedEntry.Held], _ entry: FeedEntry) {
        for one in held {
            switch one {
            case .event(let event): forward([event], entry)
            case .stray(let event): forward(stray: event, entry)
            }
        }
    }

    /// The workers that have somebody for a conversation.
    func targets(of entry: FeedEntry, _ recipients: [UUID]) -> Set<Int> {
        var targets = entry.workers
        for user in recipients { if let known = users[user] { targets.formUnion(known.workers) } }
        return targets
    }

    /// Those users who still lack something older of another conversation, or may do so since their channel is deaf.
    private func lacking(_ recipients: [UUID]) -> [UUID] {
        recipients.filter { user in
            users[user].map { !$0.isConfirmed || heldBack.has(somethingFor: user) } ?? false
        }
    }

    func hand(_ delivery: Delivery, to worker: Int) {
        if outbox.isEmpty { outbox = Array(repeating: [], count: workers.count) }
        outbox[worker].append(delivery)
    }

    /// One post per worker and turn, whatever came in.
    func relay() {
        for (index, deliveries) in outbox.enumerated() where !deliveries.isEmpty {
            outbox[index] = []
            workers[index].run { worker in worker.receive(deliveries) }
        }
    }
}

/// A conversation that the node hears.
final class FeedEntry {
    /// What is held back while the members are looked at again.
    enum Held {
        case event(Event)
        case stray(Event)
    }

    let conversation: UUID
    var feed: ConversationFeed
    /// Workers with subscribers to the conversation itself.
    var workers: Set<Int> = []
    /// The two of a DIRECT conversation, once they are known.
    var recipients: [UUID] = []
    /// The workers that wait for the feed to be live.
    var waiters: [Int: (Hub.FollowAnswer) -> Void] = [:]
    /// Whether the conversation's channel is subscribed to, and whether Redis has confirmed it on the present connection.
    var isSubscribed = false
    var isConfirmed = false
    /// The version of the members under which the subscribers were authorised; nil while nothing is known.
    var version: Int64?
    /// Whether the subscribers are being authorised again, and what is passed on only behind that.
    var isChecking = false
    var held: [Held] = []
    /// Of the events that are to be passed on, those before which something is lost.
    var holesBefore: Set<EventID> = []
    /// Whether the head has to be compared once the present fill is done.
    var needsResync = false
    /// When an event or a follower came last, and when the head was compared last, in monotonic milliseconds.
    var lastUsed: Int64 = 0
    var lastChecked: Int64 = 0
    /// Whether what comes in isn't passed on at present.
    var isHeld: Bool { feed.isBusy || isChecking }

    init(_ conversation: UUID, _ feed: ConversationFeed) {
        self.conversation = conversation
        self.feed = feed
    }
}

/// A user who has sessions on this node.
final class UserEntry {
    var workers: Set<Int> = []
    var isConfirmed = false
    /// Whether the connection ended after the channel was confirmed.
    var wasInterrupted = false
    /// Those who wait for the confirmation, by worker.
    var waiters: [Int: [() -> Void]] = [:]
    /// When a follower came or left last, in monotonic milliseconds.
    var lastUsed: Int64 = 0
}
