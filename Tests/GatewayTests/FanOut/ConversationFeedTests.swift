import Shared
import Testing

@testable import Gateway

/// Makes an event of one conversation.
func event(_ id: EventID, after previous: EventID, kind: String = "m") -> Event {
    let line = "1 \(kind) \(id) \(previous) 1 00112233-4455-6677-8899-aabbccddeeff -\n{\"id\":\(id)}"
    guard let event = Event(Array(line.utf8)) else { preconditionFailure("the line is an event") }
    return event
}

@Suite struct ConversationFeedTests {
    /// A feed that is live at an event.
    private func live(at position: EventID) -> ConversationFeed {
        var feed = ConversationFeed(opening: true)
        _ = feed.headIsKnown(position)
        return feed
    }

    @Test func aChainIsForwarded() {
        var feed = live(at: 5)
        let (six, nine) = (event(6, after: 5), event(9, after: 6))
        #expect(feed.receive(six) == .forward([six]))
        #expect(feed.receive(nine) == .forward([nine]))
        #expect(feed.position == 9)
    }

    @Test func copiesAreIgnored() {
        var feed = live(at: 5)
        let six = event(6, after: 5)
        #expect(feed.receive(six) == .forward([six]))
        #expect(feed.receive(six) == .ignore)
        #expect(feed.position == 6)
    }

    @Test func aHoleIsFilledBeforeAnythingLater() {
        var feed = live(at: 5)
        let (six, seven, eight, nine) = (event(6, after: 5), event(7, after: 6), event(8, after: 7), event(9, after: 8))
        #expect(feed.receive(eight) == .fill(after: 5))
        #expect(feed.receive(nine) == .wait)
        let result = feed.filled([six, seven, eight])
        #expect(result == .init(events: [six, seven, eight, nine]))
        #expect(feed.position == 9 && !feed.isBusy)
    }

    @Test func aHoleThatStaysOpenIsCountedAndPassedOver() {
        var feed = live(at: 5)
        let (eight, nine) = (event(8, after: 7), event(9, after: 8))
        #expect(feed.receive(eight) == .fill(after: 5))
        #expect(feed.receive(nine) == .wait)
        let result = feed.filled([])
        #expect(result.events == [eight, nine] && result.holesBefore == [8])
        #expect(feed.position == 9)
    }

    /// A master that took over without the latest events goes on from an older one.
    @Test func anEventThatPassesOverWhatWasForwardedIsAFork() {
        var feed = live(at: 5)
        let (six, nine) = (event(6, after: 5), event(9, after: 4))
        _ = feed.receive(six)
        #expect(feed.receive(nine) == .mend(after: 6))
        #expect(feed.filled([nine]).events == [nine])
    }

    @Test func aHeadBelowWhatWasForwardedIsAFork() {
        var feed = live(at: 5)
        _ = feed.receive(event(6, after: 5))
        _ = feed.beginResync()
        #expect(feed.headIsKnown(5) == .mend(after: 6))
        #expect(feed.filled([]) == .init())
        #expect(feed.position == 6 && !feed.isBusy)
    }

    /// A failover ends the pub/sub connection, too: the head is asked for when the events of the new master come in.
    @Test func aForkThatShowsWhileSomethingIsReadIsFoundOnce() {
        var feed = live(at: 5)
        _ = feed.receive(event(6, after: 5))
        _ = feed.beginResync()
        let nine = event(9, after: 5)
        #expect(feed.receive(nine) == .wait)
        #expect(feed.headIsKnown(9) == .fill(after: 6))
        #expect(feed.filled([nine]) == .init(events: [nine], isFork: true))
        var other = live(at: 5)
        _ = other.receive(event(6, after: 5))
        _ = other.beginResync()
        #expect(other.receive(nine) == .wait)
        #expect(other.headIsKnown(6) == .mend(after: 6))
        #expect(other.filled([nine]) == .init(events: [nine]), "it is being mended")
        var behind = live(at: 5)
        #expect(behind.receive(event(8, after: 7)) == .fill(after: 5))
        let twelve = event(12, after: 6)
        #expect(behind.receive(twelve) == .wait)
        let eight = event(8, after: 7)
        #expect(behind.filled([eight]).isFork)
        #expect(behind.position == 12)
    }

    @Test func aLowerIdThatWasNeverReadIsNoCopy() {
        var feed = live(at: 5)
        let (eight, seven) = (event(8, after: 5), event(7, after: 5))
        _ = feed.receive(eight)
        #expect(feed.receive(eight) == .ignore)
        #expect(feed.receive(seven) == .stray(seven))
        #expect(feed.position == 8)
        // What a fill has read comes in by pub/sub, too.
        #expect(feed.receive(event(12, after: 11)) == .fill(after: 8))
        _ = feed.filled([event(11, after: 8), event(12, after: 11)])
        #expect(feed.receive(event(11, after: 8)) == .ignore)
    }

    /// A failover to a master whose clock is behind gives ids between those that a fill has read.
    @Test func anIdBetweenThoseThatWereReadIsNoCopy() {
        var feed = live(at: 5)
        let (six, nine, eight) = (event(6, after: 5), event(9, after: 6), event(8, after: 6))
        #expect(feed.receive(nine) == .fill(after: 5))
        _ = feed.filled([six, nine])
        #expect(feed.receive(six) == .ignore)
        #expect(feed.receive(nine) == .ignore, "these were read")
        #expect(feed.receive(eight) == .stray(eight))
        #expect(feed.receive(eight) == .ignore, "its copy by another channel")
        // Where an edit has taken an event out of what was read, that may still be on its way.
        let edit = event(12, after: 10, kind: "e")
        #expect(feed.receive(event(11, after: 10)) == .fill(after: 9))
        _ = feed.filled([event(11, after: 10), edit])
        #expect(feed.receive(event(10, after: 9)) == .ignore)
    }

    /// A gap that is longer than a page is read by the subscribers, page by page; the feed goes on at the head.
    @Test func aLongGapIsToldAndNotCollected() {
        var feed = live(at: 5)
        _ = feed.beginResync()
        #expect(feed.headIsKnown(900) == .fill(after: 5))
        let (six, seven) = (event(6, after: 5), event(7, after: 6))
        #expect(feed.filled([six, seven], isWhole: false) == .init(events: [six, seven], gapAfter: 7, gapUpTo: 900))
        #expect(feed.position == 900 && !feed.isBusy)
        let next = event(901, after: 900)
        #expect(feed.receive(next) == .forward([next]), "no second hole")
        #expect(feed.receive(event(500, after: 499)) == .ignore, "it was on its way")
    }

    /// A head that can't be read makes nobody read: what comes in proves itself by its chain.
    @Test func aHeadThatIsLateMakesNoGap() {
        var feed = live(at: 5)
        let (six, seven, nine) = (event(6, after: 5), event(7, after: 6), event(9, after: 8))
        _ = feed.beginResync()
        #expect(feed.receive(six) == .wait)
        #expect(feed.receive(seven) == .wait)
        #expect(feed.headIsLate() == .forward([six, seven]))
        #expect(feed.position == 7 && !feed.isBusy)
        _ = feed.beginResync()
        #expect(feed.receive(nine) == .wait)
        #expect(feed.headIsLate() == .fill(after: 7), "a hole is a hole")
        var new = ConversationFeed(opening: true)
        _ = new.beginResync()
        #expect(new.receive(six) == .wait)
        #expect(new.headIsLate() == .wait)
        #expect(new.isBusy, "who waits for it goes on waiting")
        _ = new.beginResync()
        #expect(new.headIsKnown(6) == .forward([six]))
    }

    @Test func aHoleWithinWhatWasReadIsNotedUnlessAnEditExplainsIt() {
        var feed = live(at: 5)
        let (eight, nine) = (event(8, after: 7), event(9, after: 8))
        _ = feed.receive(eight)
        #expect(feed.filled([eight, nine]).holesBefore == [8])
        var other = live(at: 5)
        let edit = event(9, after: 8, kind: "e")
        _ = other.receive(eight)
        #expect(other.filled([eight, edit]).holesBefore == [])
    }

    @Test func whatComesInWhileAFeedOpensIsForwardedEvenIfTheHeadHasIt() {
        var feed = ConversationFeed(opening: true)
        let (six, seven) = (event(6, after: 5), event(7, after: 6))
        #expect(feed.receive(six) == .wait)
        #expect(feed.receive(seven) == .wait)
        #expect(feed.headIsKnown(7) == .forward([six, seven]))
        #expect(feed.position == 7)
    }

    @Test func aHeadAheadOfThePositionIsAHole() {
        var feed = live(at: 5)
        let started = feed.beginResync()
        #expect(started)
        let again = feed.beginResync()
        #expect(!again, "one at a time")
        let eight = event(8, after: 7)
        #expect(feed.receive(eight) == .wait)
        #expect(feed.headIsKnown(8) == .fill(after: 5))
        let (six, seven) = (event(6, after: 5), event(7, after: 6))
        #expect(feed.filled([six, seven, eight]).events == [six, seven, eight])
    }

    @Test func aHeadAtThePositionLetsWaitersGo() {
        var feed = live(at: 5)
        _ = feed.beginResync()
        let six = event(6, after: 5)
        #expect(feed.receive(six) == .wait)
        #expect(feed.headIsKnown(5) == .forward([six]))
    }

    @Test func aHeadOfBeforeAnotherInterruptionProvesNothing() {
        var feed = live(at: 5)
        _ = feed.beginResync()
        let (seven, eight) = (event(7, after: 6), event(8, after: 7))
        #expect(feed.receive(seven) == .wait)
        #expect(feed.headIsKnown(5) == .fill(after: 5))
        let six = event(6, after: 5)
        #expect(feed.receive(eight) == .wait)
        #expect(feed.filled([six, seven]).events == [six, seven, eight])
    }

    /// A source that is away isn't an empty one: what it has must not be passed over.
    @Test func whatCannotBeReadIsAGap() {
        var feed = live(at: 5)
        let (six, eight, nine) = (event(6, after: 5), event(8, after: 7), event(9, after: 8))
        #expect(feed.receive(eight) == .fill(after: 5))
        #expect(feed.receive(nine) == .wait)
        #expect(
            feed.filled([six], isWhole: false) == .init(events: [six], gapAfter: 6, gapUpTo: 9, later: [eight, nine]))
        #expect(feed.position == 9 && !feed.isBusy)
        _ = feed.beginResync()
        #expect(feed.headIsUnknown() == .skip(after: 9, []))
    }

    @Test func withoutAKnownHeadANewFeedStillFlows() {
        var feed = ConversationFeed(opening: true)
        let six = event(6, after: 5)
        #expect(feed.receive(six) == .wait)
        #expect(feed.headIsUnknown() == .forward([six]))
        #expect(feed.position == 6)
    }

    @Test func aFeedOfAUserChannelTakesTheFirstEventAsItComes() {
        var feed = ConversationFeed(opening: false)
        let eight = event(8, after: 7)
        #expect(feed.receive(eight) == .forward([eight]))
        #expect(feed.receive(eight) == .ignore)
        #expect(feed.receive(event(11, after: 10)) == .fill(after: 8))
    }

    @Test func aBacklogThatOverflowsIsReadAgain() {
        var feed = live(at: 0)
        var previous: EventID = 10
        _ = feed.receive(event(previous, after: 9))
        for _ in 0...ConversationFeed.maximumBacklog {
            _ = feed.receive(event(previous.next, after: previous))
            previous = previous.next
        }
        let first = feed.filled([event(5, after: 0)])
        #expect(first.events.map(\.id) == [5] && first.fillAgain == 5 && feed.isBusy)
        let second = feed.filled([event(9, after: 5), event(10, after: 9)])
        #expect(second.events.map(\.id) == [9, 10] && second.fillAgain == nil && !feed.isBusy)
    }

    /// The connection may end a second time while a fill is under way: what was published then, the fill hasn't read.
    @Test func aHoleBehindAFillIsReadFor() {
        var feed = live(at: 5)
        let (six, seven, eight) = (event(6, after: 5), event(7, after: 6), event(8, after: 7))
        let ten = event(10, after: 9)
        #expect(feed.receive(seven) == .fill(after: 5))
        #expect(feed.receive(ten) == .wait)
        #expect(feed.filled([six, seven, eight]) == .init(events: [six, seven, eight], fillAgain: 8))
        #expect(feed.isBusy)
        // Once it has been read for in vain it is passed over.
        #expect(feed.filled([]) == .init(events: [ten], holesBefore: [10]))
        #expect(!feed.isBusy)
    }

    @Test func aHoleInWhatWaitsForTheHeadIsReadFor() {
        var feed = live(at: 5)
        _ = feed.beginResync()
        let (six, eight) = (event(6, after: 5), event(8, after: 7))
        #expect(feed.receive(six) == .wait)
        #expect(feed.receive(eight) == .wait)
        #expect(feed.headIsKnown(5) == .fill(after: 5))
        var opening = ConversationFeed(opening: true)
        #expect(opening.receive(six) == .wait)
        #expect(opening.receive(eight) == .wait)
        #expect(opening.headIsKnown(6) == .fill(after: 5))
        var deaf = ConversationFeed(opening: true)
        #expect(deaf.receive(six) == .wait)
        #expect(deaf.receive(eight) == .wait)
        #expect(deaf.headIsUnknown() == .skip(after: 5, [six, eight]))
    }

    @Test func theHeadOfANewFeedIsAskedForOnce() {
        var feed = ConversationFeed(opening: true)
        let first = feed.beginResync()
        let second = feed.beginResync()
        #expect(first && !second && feed.isBusy)
    }

    /// The head may be known before what was published up to it has come in: users' queues have nobody else to bring it.
    @Test func whatIsOnItsWayWhenAFeedOpensIsForwardedOnce() {
        var feed = live(at: 7)
        let (six, seven, eight) = (event(6, after: 5), event(7, after: 6), event(8, after: 7))
        #expect(feed.receive(six) == .forward([six]))
        #expect(feed.receive(six) == .ignore)
        #expect(feed.receive(seven) == .forward([seven]))
        #expect(feed.receive(seven) == .ignore)
        #expect(feed.receive(eight) == .forward([eight]))
        #expect(feed.receive(eight) == .ignore)
        #expect(feed.position == 8)
    }

    @Test func aHeadAheadOfWhatWaitsDoesNotHideWhatIsOnItsWay() {
        var feed = ConversationFeed(opening: true)
        let (six, seven) = (event(6, after: 5), event(7, after: 6))
        #expect(feed.receive(six) == .wait)
        #expect(feed.headIsKnown(7) == .forward([six]))
        #expect(feed.receive(seven) == .forward([seven]))
    }

    /// Whatever is lost, repeated and delayed, and however often the connection ends while something is read: what is forwarded
    /// is in order, once and whole.
    @Test(arguments: 0..<200) func nothingIsPassedOverByInterruptions(seed: UInt64) {
        var network = InterruptedNetwork(seed: seed)
        for _ in 0..<300 { network.step() }
        network.settle()
        #expect(network.forwarded.map(\.rawValue) == Array(1...network.published.rawValue))
    }
}

/// Redis, a pub/sub connection that ends now and then, and a command connection whose answers take their time, around a feed.
private struct InterruptedNetwork {
    private var feed = ConversationFeed(opening: true)
    private var random: SplitMix
    private(set) var published: EventID = 0
    /// What was published and has not come in yet.
    private var onItsWay: [Event] = []
    private var isConnected = true
    private var needsResync = false
    /// The head as Redis told it; it has not come in yet.
    private var head: EventID?
    private var isHeadAsked = false
    /// A fill that waits to be read, and what one read that has not come in yet.
    private var fill: EventID?
    private var read: [Event]?
    private(set) var forwarded: [EventID] = []

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        resync()
        head = 0
        answer()
    }

    /// One thing happens.
    mutating func step() {
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: publish()
        case 2, 3: deliver()
        case 4: interrupt()
        case 5: reconnect()
        case 6: if isHeadAsked, head == nil { head = published } else { answer() }
        default: if let fill, read == nil { read = events(after: fill) } else { finishFill() }
        }
    }

    /// Everything that is under way comes to its end, and the quiet conversation is looked at once more.
    mutating func settle() {
        for round in 0..<3 {
            reconnect()
            if round == 1 { resync() }
            while !onItsWay.isEmpty || isHeadAsked || fill != nil {
                deliver()
                if isHeadAsked {
                    head = head ?? published
                    answer()
                }
                if let fill {
                    read = read ?? events(after: fill)
                    finishFill()
                }
            }
        }
    }

    private mutating func publish() {
        published = published.next
        if isConnected { onItsWay.append(event(published, after: published.previous)) }
    }

    private mutating func deliver() {
        guard !onItsWay.isEmpty else { return }
        perform(feed.receive(onItsWay.removeFirst()))
    }

    private mutating func interrupt() {
        isConnected = false
        onItsWay = []
    }

    private mutating func reconnect() {
        guard !isConnected else { return }
        isConnected = true
        resync()
    }

    private mutating func resync() {
        guard feed.beginResync() else {
            needsResync = true
            return
        }
        isHeadAsked = true
    }

    private mutating func answer() {
        guard let known = head else { return }
        head = nil
        isHeadAsked = false
        perform(feed.headIsKnown(known))
    }

    private mutating func finishFill() {
        guard let events = read else { return }
        read = nil
        fill = nil
        let result = feed.filled(events)
        #expect(result.holesBefore.isEmpty, "nothing was lost for good")
        forwarded += result.events.map(\.id)
        fill = result.fillAgain
        settled()
    }

    private mutating func perform(_ action: ConversationFeed.Action) {
        switch action {
        case .forward(let events):
            forwarded += events.map(\.id)
            settled()
        case .fill(let after): fill = after
        case .wait, .ignore: break
        case .skip, .mend, .stray: Issue.record("Redis has lost nothing, and was there all the time")
        }
    }

    private mutating func settled() {
        guard needsResync, !feed.isBusy else { return }
        needsResync = false
        resync()
    }

    private func events(after id: EventID) -> [Event] {
        sequence(first: id.next) { $0.next }.prefix { $0 <= published }.map { event($0, after: $0.previous) }
    }
}
