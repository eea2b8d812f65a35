import Shared
import Testing

@testable import Gateway

/// Makes an event of one conversation.
func event(_ id: Int64, after previous: Int64, kind: String = "m") -> Event {
    let line = "1 \(kind) \(id) \(previous) 1 00112233-4455-6677-8899-aabbccddeeff -\n{\"id\":\(id)}"
    guard let event = Event(Array(line.utf8)) else { preconditionFailure("the line is an event") }
    return event
}

@Suite struct ConversationFeedTests {
    /// A feed that is live at an event.
    private func live(at position: Int64) -> ConversationFeed {
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
        #expect(feed.receive(event(5, after: 4)) == .ignore)
        #expect(feed.receive(event(3, after: 2)) == .ignore)
        #expect(feed.position == 5)
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
        #expect(feed.filled([six], isWhole: false) == .init(events: [six], gapAfter: 6, later: [eight, nine]))
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
        var previous: Int64 = 10
        _ = feed.receive(event(previous, after: 9))
        for _ in 0...ConversationFeed.maximumBacklog {
            _ = feed.receive(event(previous + 1, after: previous))
            previous += 1
        }
        let first = feed.filled([event(5, after: 0)])
        #expect(first.events.map(\.id) == [5] && first.fillAgain == 5 && feed.isBusy)
        let second = feed.filled([event(9, after: 5), event(10, after: 9)])
        #expect(second.events.map(\.id) == [9, 10] && second.fillAgain == nil && !feed.isBusy)
    }

    /// Whatever is lost, repeated and delayed: what is forwarded is in order and once, and whole where the fill is.
    @Test func randomLossesStayInOrder() {
        var random = SplitMix(seed: 11)
        for _ in 0..<500 {
            let all = (1...40).map { event(Int64($0), after: Int64($0) - 1) }
            var feed = live(at: 0)
            var forwarded: [Int64] = []
            var fill: Int64?
            for (place, next) in all.enumerated() {
                if Int.random(in: 0..<3, using: &random) == 0 { continue }
                // A DIRECT conversation's events come by up to three channels.
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    switch feed.receive(next) {
                    case .forward(let events): forwarded += events.map(\.id)
                    case .fill(let after): fill = after
                    case .wait, .ignore: break
                    case .skip, .mend, .stray: Issue.record("nothing was lost for good")
                    }
                }
                guard let after = fill, Int.random(in: 0..<3, using: &random) == 0 else { continue }
                fill = nil
                forwarded += feed.filled(all[...place].filter { $0.id > after }).events.map(\.id)
            }
            if let after = fill { forwarded += feed.filled(all.filter { $0.id > after }).events.map(\.id) }
            #expect(forwarded == Array(1...Int64(forwarded.count)))
        }
    }
}
