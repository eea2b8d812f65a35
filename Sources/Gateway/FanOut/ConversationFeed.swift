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
        case fill(after: Int64)
        /// Redis has lost events: mend the conversation, then read everything after this event and call `filled`.
        case mend(after: Int64)
        /// Redis has lost events and gave an id below one that was passed on already: pass this on all the same.
        case stray(Event)
        /// What came after this event can't be read at present: subscribers read it for themselves once it can. Pass these on.
        case skip(after: Int64, [Event])
    }

    /// What a fill led to.
    struct Filled: Equatable {
        /// Pass these on, in this order.
        var events: [Event] = []
        /// Behind them something is missing that couldn't be read: subscribers read on from here for themselves.
        var gapAfter: Int64?
        /// Pass these on behind the gap.
        var later: [Event] = []
        /// The events before which the sources, though read whole, left a hole open.
        var holesBefore: Set<Int64> = []
        /// Too much came in meanwhile: read again everything after this event.
        var fillAgain: Int64?
    }

    /// So many events wait for a fill; what is beyond is read again by another fill.
    static let maximumBacklog = 1_024

    /// The event that was passed on last; nil while nothing is known.
    private(set) var position: Int64?
    /// Everything up to here was read: what comes in of it is a copy.
    private var readUpTo: Int64 = 0
    private var isFilling: Bool
    private var backlog: [Event] = []
    private var isOverfull = false

    /// A feed that waits for its head (`opening`), or one that takes the first event as it comes.
    init(opening: Bool) {
        isFilling = opening
    }

    /// Whether a fill or the opening is under way.
    var isBusy: Bool { isFilling }

    /// An event came in by pub/sub.
    mutating func receive(_ event: Event) -> Action {
        if isFilling {
            wait(event)
            return .wait
        }
        guard let position else {
            self.position = event.id
            return .forward([event])
        }
        // The copies of an event, by the channels of a DIRECT conversation and its two users, come one behind another.
        if event.id == position || event.id <= readUpTo { return .ignore }
        if event.id < position { return .stray(event) }
        if event.previousID == position {
            self.position = event.id
            return .forward([event])
        }
        isFilling = true
        wait(event)
        return event.previousID < position ? .mend(after: position) : .fill(after: position)
    }

    /// The last event id in Redis is known: for a new feed it is where the feed begins, for another it may reveal a hole.
    mutating func headIsKnown(_ head: Int64) -> Action {
        guard let position else {
            // What came in meanwhile is passed on even where the head has it already: nobody else would.
            self.position = min(head, backlog.first?.previousID ?? head)
            readUpTo = head
            isFilling = false
            return .forward(takeBacklog().events)
        }
        if head < position {
            isFilling = true
            return .mend(after: position)
        }
        // What waits may follow on more than the head tells: the connection may have ended again since it was asked for.
        let next = backlog.first { $0.id > position }
        if head > position || next.map({ $0.previousID != position }) ?? false {
            isFilling = true
            return .fill(after: position)
        }
        isFilling = false
        return .forward(takeBacklog().events)
    }

    /// The head can't be read at present.
    mutating func headIsUnknown() -> Action {
        isFilling = false
        guard let position else {
            self.position = backlog.first?.previousID
            return .forward(takeBacklog().events)
        }
        return .skip(after: position, takeBacklog().events)
    }

    /// A fill starts although no event revealed a hole; false while one is under way.
    mutating func beginResync() -> Bool {
        guard !isFilling, position != nil else { return false }
        isFilling = true
        return true
    }

    /// The events after the position, in order; `isWhole` is false where the sources couldn't be read to the end.
    mutating func filled(_ events: [Event], isWhole: Bool = true) -> Filled {
        var result = Filled()
        // An edit takes the place of its message's state before, and so leaves a gap in the chain that is no hole.
        let isChain = events.allSatisfy { $0.head.kind == .message }
        for event in events where event.id > position ?? 0 {
            if isChain, isWhole, let position, event.previousID > position { result.holesBefore.insert(event.id) }
            position = event.id
            result.events.append(event)
        }
        readUpTo = max(readUpTo, position ?? 0)
        if isOverfull, isWhole {
            isOverfull = false
            backlog = []
            result.fillAgain = position ?? 0
            return result
        }
        isFilling = false
        isOverfull = false
        if !isWhole { result.gapAfter = position }
        let rest = takeBacklog()
        if isWhole {
            result.events += rest.events
            result.holesBefore.formUnion(rest.holesBefore)
        } else {
            result.later = rest.events
        }
        return result
    }

    private mutating func wait(_ event: Event) {
        guard backlog.count < Self.maximumBacklog else {
            isOverfull = true
            return
        }
        backlog.append(event)
    }

    /// What waited and is new; a hole in it that the sources left open is noted and passed over.
    private mutating func takeBacklog() -> (events: [Event], holesBefore: Set<Int64>) {
        var events: [Event] = []
        var holesBefore: Set<Int64> = []
        for event in backlog where event.id > position ?? 0 {
            if let position, event.previousID > position { holesBefore.insert(event.id) }
            position = event.id
            events.append(event)
        }
        backlog = []
        return (events, holesBefore)
    }
}

extension Event: Equatable {
    static func == (left: Event, right: Event) -> Bool { left === right }
}
