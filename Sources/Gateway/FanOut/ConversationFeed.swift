internal import Shared

/// What a node has passed on of one conversation, and what it still has to fetch first.
///
/// Redis pub/sub is at most once: an event whose previous one isn't the last that was passed on reveals a hole, which is
/// filled from the cache or PostgreSQL before anything later is passed on.
struct ConversationFeed {
    enum Action: Equatable {
        /// Pass these on, in this order.
        case forward([Event])
        /// It was passed on already.
        case ignore
        /// It waits until the fill under way is done.
        case wait
        /// Read everything after this event, then call `filled`.
        case fill(after: EventID)
        /// Redis has lost events: mend the conversation, then read everything after this event and call `filled`.
        case mend(after: EventID)
        /// Redis has lost events and gave an id below one that was passed on already: pass this on all the same.
        case stray(Event)
        /// What came after this event can't be read at present: subscribers read it for themselves once it can. Pass these on.
        case skip(after: EventID, [Event])
    }

    /// What a fill led to.
    struct Filled: Equatable {
        /// Pass these on, in this order.
        var events: [Event] = []
        /// Behind them something is missing that couldn't be read: subscribers read on from here for themselves.
        var gapAfter: EventID?
        /// Up to where they do so at least.
        var gapUpTo = EventID.zero
        /// Pass these on behind the gap.
        var later: [Event] = []
        /// The events before which the sources, though read whole, left a hole open.
        var holesBefore: Set<EventID> = []
        /// Too much came in meanwhile: read again everything after this event.
        var fillAgain: EventID?
        /// An event goes back behind what was passed on, and nobody knows of it yet: Redis has lost events.
        var isFork = false
    }

    /// So many events wait for a fill; what is beyond is read again by another fill.
    static let maximumBacklog = 1_024

    private enum Phase {
        /// Events are passed on as they come.
        case flowing
        /// What comes in waits; nobody has asked for the head yet.
        case opening
        /// What comes in waits for the head that was asked for.
        case asking
        /// What comes in waits for a read. It began when so many waited already: what those follow on, it must find. Whether the
        /// conversation is being mended meanwhile, and the head that made it be read.
        case filling(covering: Int, mending: Bool, upTo: EventID)
    }

    /// The event that was passed on last; nil while nothing is known.
    private(set) var position: EventID?
    /// Everything up to here was read.
    private var readUpTo = EventID.zero
    /// What was passed on last, by which a copy is told from an event that Redis has put in behind.
    private var recent = RecentEvents()
    /// The head at which the feed began with nothing waiting: up to there events may still be on their way, for users' queues.
    private var openedAt = EventID.zero
    private var lastOnItsWay = EventID.zero
    private var phase: Phase
    private var backlog: [Event] = []
    private var isOverfull = false

    /// A feed that waits for its head (`opening`), or one that takes the first event as it comes.
    init(opening: Bool) {
        phase = opening ? .opening : .flowing
    }

    /// Whether a fill or the opening is under way.
    var isBusy: Bool {
        if case .flowing = phase { false } else { true }
    }

    /// An event came in by pub/sub.
    mutating func receive(_ event: Event) -> Action {
        guard !isBusy else {
            wait(event)
            return .wait
        }
        guard let position else {
            self.position = event.id
            recent.begin(with: event.id)
            return .forward([event])
        }
        if event.id <= openedAt, event.id > lastOnItsWay {
            lastOnItsWay = event.id
            return .forward([event])
        }
        if event.id > openedAt { openedAt = .zero }
        // The copies of an event, by the channels of a DIRECT conversation and its two users, come one behind another; behind a
        // read that had them, too.
        if event.id == position || recent.contains(event.id) || event.id <= openedAt { return .ignore }
        if event.id <= readUpTo, !recent.covers(event.id) { return .ignore }
        if event.id < position {
            recent.append(event.id)
            return .stray(event)
        }
        if event.previousID == position {
            self.position = event.id
            recent.append(event.id)
            return .forward([event])
        }
        wait(event)
        return beginFill(after: position, isFork: event.previousID < position)
    }

    /// The head is about to be asked for; false where it is already, or a fill is under way.
    mutating func beginResync() -> Bool {
        switch phase {
        case .flowing, .opening:
            phase = .asking
            return true
        case .asking, .filling: return false
        }
    }

    /// The last event id in Redis is known: for a new feed it is where the feed begins, for another it may reveal a hole.
    mutating func headIsKnown(_ head: EventID) -> Action {
        guard let position else {
            // What came in meanwhile is passed on even where the head has it already: nobody else would.
            let start = min(head, backlog.first?.previousID ?? head)
            self.position = start
            if backlog.isEmpty { openedAt = head }
            return passOnBacklog(after: start)
        }
        if head < position { return beginFill(after: position, isFork: true) }
        if head > position { return beginFill(after: position, upTo: head) }
        return passOnBacklog(after: position)
    }

    /// The head couldn't be read, and will be asked for again: what came in meanwhile goes on by its own chain.
    mutating func headIsLate() -> Action {
        guard let position else {
            phase = .opening
            return .wait
        }
        return passOnBacklog(after: position)
    }

    /// The head can't be read at present.
    mutating func headIsUnknown() -> Action {
        phase = .flowing
        let isNew = position == nil
        guard let start = position ?? backlog.first?.previousID else { return .forward([]) }
        let isWhole = isNew && !isOverfull && backlogChain(after: start) == .whole
        isOverfull = false
        let events = takeBacklog(after: start)
        return isWhole ? .forward(events) : .skip(after: start, events)
    }

    /// The events after the position, in order; `isWhole` is false where the sources couldn't be read to the end, or there is
    /// more than one read brings.
    mutating func filled(_ events: [Event], isWhole: Bool = true) -> Filled {
        var result = Filled()
        let (covered, isMending, head) =
            if case .filling(let covered, let mending, let head) = phase {
                (covered, mending, head)
            } else { (0, false, EventID.zero) }
        // An edit takes the place of its message's state before, and so leaves a gap in the chain that is no hole.
        let isChain = events.allSatisfy { $0.head.kind == .message }
        var isUnbroken = isChain && isWhole
        for event in events where event.id > position ?? .zero {
            if let position {
                if isChain, isWhole, event.previousID > position { result.holesBefore.insert(event.id) }
                if event.previousID < position, !isMending { result.isFork = true }
            }
            if event.previousID != position { isUnbroken = false }
            position = event.id
            recent.append(event.id)
            result.events.append(event)
        }
        let reached = position ?? .zero
        readUpTo = max(readUpTo, reached)
        guard isWhole else {
            phase = .flowing
            isOverfull = false
            result.gapAfter = reached
            result.later = takeBacklog(after: reached)
            // The subscribers read for themselves what lies between: what follows on the head leaves no second hole.
            result.gapUpTo = max(position ?? .zero, head)
            position = result.gapUpTo
            readUpTo = max(readUpTo, result.gapUpTo)
            recent.forget()
            return result
        }
        // Events of it that were replaced by later ones, or lost, may still be on their way.
        if !isUnbroken { recent.forget() }
        guard !isOverfull else {
            isOverfull = false
            backlog = []
            phase = .filling(covering: 0, mending: isMending || result.isFork, upTo: .zero)
            result.fillAgain = reached
            return result
        }
        passOnBacklog(behind: &result, covered, isMending)
        return result
    }

    /// Passes on what waited behind a read that was whole. What a hole is found by that waited when the read began is lost for
    /// good; one that came in later may be behind another interruption, and is read for.
    private mutating func passOnBacklog(behind result: inout Filled, _ covered: Int, _ isMending: Bool) {
        phase = .flowing
        var last = position ?? .zero
        for (place, event) in backlog.enumerated() where event.id > last {
            if event.previousID > last {
                guard place < covered else {
                    backlog.removeFirst(place)
                    phase = .filling(covering: backlog.count, mending: isMending || result.isFork, upTo: .zero)
                    result.fillAgain = last
                    return
                }
                result.holesBefore.insert(event.id)
            }
            if event.previousID < last, !isMending { result.isFork = true }
            last = event.id
            position = last
            recent.append(last)
            result.events.append(event)
        }
        backlog = []
    }

    private mutating func beginFill(after position: EventID, isFork: Bool = false, upTo head: EventID = .zero) -> Action
    {
        phase = .filling(covering: backlog.count, mending: isFork, upTo: head)
        isOverfull = false
        return isFork ? .mend(after: position) : .fill(after: position)
    }

    private mutating func wait(_ event: Event) {
        guard backlog.count < Self.maximumBacklog else {
            isOverfull = true
            return
        }
        backlog.append(event)
    }

    /// Passes on what waited for the head, unless it has a hole: the connection may have ended while the head was asked for.
    private mutating func passOnBacklog(after start: EventID) -> Action {
        let chain = backlogChain(after: start)
        guard !isOverfull, chain == .whole else { return beginFill(after: start, isFork: chain == .forked) }
        phase = .flowing
        return .forward(takeBacklog(after: start))
    }

    private enum Chain {
        case whole
        /// An event is missing before another.
        case holed
        /// An event goes back behind one before it.
        case forked
    }

    private func backlogChain(after start: EventID) -> Chain {
        var last = start
        var chain = Chain.whole
        for event in backlog where event.id > last {
            if event.previousID < last { return .forked }
            if event.previousID > last { chain = .holed }
            last = event.id
        }
        return chain
    }

    /// Takes what waited and is new, whatever is missing in it.
    private mutating func takeBacklog(after start: EventID) -> [Event] {
        var last = start
        var events: [Event] = []
        for event in backlog where event.id > last {
            last = event.id
            recent.append(last)
            events.append(event)
        }
        position = last
        backlog = []
        return events
    }
}

extension Event: Equatable {
    static func == (left: Event, right: Event) -> Bool { left === right }
}
