import Shared
import Testing

@testable import Gateway

@Suite struct DeliveryTrackerTests {
    private let first = UUID(high: 1, low: 1)
    private let second = UUID(high: 2, low: 2)

    @Test func aPongProvesWhatWasWrittenBeforeItsPing() {
        var tracker = DeliveryTracker()
        let asks = [tracker.wrote(5, in: first), tracker.wrote(7, in: first), tracker.wrote(6, in: second)]
        #expect(asks == [true, false, false])
        let ping = tracker.ping()
        let asksAgain = tracker.wrote(8, in: first)
        let (delivered, needsPing) = tracker.pong(ping)
        #expect(delivered == [first: 7, second: 6] && needsPing && !asksAgain)
        let next = tracker.ping()
        let last = tracker.pong(next)
        #expect(last.delivered == [first: 8] && !last.needsPing)
    }

    /// A ping that only asks whether the client lives may be under way already.
    @Test func aPongForAnEarlierPingProvesNothing() {
        var tracker = DeliveryTracker()
        let early = tracker.ping()
        _ = tracker.wrote(5, in: first)
        let ping = tracker.ping()
        let answers = [tracker.pong(early).delivered, tracker.pong(ping).delivered]
        #expect(answers == [[:], [first: 5]])
    }

    @Test func aPongForALaterPingIsOneForAllBefore() {
        var tracker = DeliveryTracker()
        _ = tracker.wrote(5, in: first)
        _ = tracker.ping()
        _ = tracker.wrote(9, in: first)
        let later = tracker.ping()
        let (delivered, needsPing) = tracker.pong(later)
        #expect(delivered == [first: 5] && needsPing)
    }

    @Test func pongsThatNobodyAskedForProveNothing() {
        var tracker = DeliveryTracker()
        _ = tracker.wrote(5, in: first)
        _ = tracker.ping()
        for payload: [UInt8] in [[], [0, 0, 0, 9], [0, 0, 0, 0], [255, 255, 255, 255], [0, 0, 0, 1, 0]] {
            let answer = tracker.pong(payload)
            #expect(answer.delivered.isEmpty, "\(payload)")
        }
        let answers = [tracker.pong([0, 0, 0, 1]).delivered, tracker.pong([0, 0, 0, 1]).delivered]
        #expect(answers == [[first: 5], [:]])
        let asks = tracker.wrote(6, in: first)
        #expect(asks)
    }
}
