import Testing

@testable import Gateway
@testable import Shared

@Suite struct DeliveryStartTests {
    private let reader = UUID.random()
    private let writer = UUID.random()

    private func event(_ id: EventID, from sender: UUID, _ type: String = "USER") throws -> Event {
        let body = #"{"id":\#(id),"senderId":"\#(sender)","senderType":"\#(type)","content":"x"}"#
        return try #require(Event(Array("1 m \(id) 0 1 \(UUID.random()) -\n\(body)".utf8)))
    }

    @Test func whatNobodyBroughtIsNotDelivered() throws {
        var start = DeliveryStart(begins: 100)
        start.compare(to: 90)
        let missed = [try event(95, from: writer)]
        start.compare(to: missed, isWhole: true, of: reader)
        #expect(!start.isComplete)
        start.compare(to: 100)
        #expect(start.isComplete, "another device has got it meanwhile")
    }

    @Test func ownMessagesAndNoticesAreNotMissed() throws {
        var start = DeliveryStart(begins: 100)
        let missed = [
            try event(95, from: reader), try event(100, from: writer, "SYSTEM"), try event(101, from: writer),
        ]
        start.compare(to: missed, isWhole: false, of: reader)
        #expect(start.isComplete)
    }

    @Test func aPageThatEndsBeforeTheBeginningProvesNothing() throws {
        var start = DeliveryStart(begins: 100)
        start.compare(to: [try event(95, from: reader)], isWhole: false, of: reader)
        #expect(!start.isComplete)
    }

    @Test func aClientThatSaysWhatItHasIsBelieved() {
        var start = DeliveryStart(begins: 100)
        start.claim()
        #expect(start.isComplete)
        #expect(DeliveryStart(begins: 0).isComplete)
    }

    @Test func oneLookServesAllThatArrivesMeanwhile() {
        var start = DeliveryStart(begins: 100)
        let steps = [start.arrived(101), start.arrived(103), start.arrived(102)]
        #expect(steps == [.look, .wait, .wait])
        let (verdict, next) = (start.looked(true), start.arrived(104))
        #expect(verdict == .move(103) && next == .move)
    }

    @Test func looksThatFindNothingAreFurtherAndFurtherApart() {
        var start = DeliveryStart(begins: 100)
        var id: EventID = 101
        var step = start.arrived(id)
        #expect(step == .look)
        for pause: Int64 in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000] {
            let verdict = start.looked(false)
            id = id.next
            step = start.arrived(id)
            let looksAgain = start.rested()
            #expect(verdict == .rest(pause) && step == .wait && looksAgain)
        }
    }

    @Test func nobodyLooksAgainBeforeMoreHasArrived() {
        var start = DeliveryStart(begins: 100)
        _ = start.arrived(101)
        _ = start.looked(false)
        let looksAgain = start.rested()
        let step = start.arrived(102)
        #expect(!looksAgain && step == .look)
    }

    @Test func whatIsClaimedInAPauseMovesTheCursorBehindIt() {
        var start = DeliveryStart(begins: 100)
        _ = start.arrived(101)
        _ = start.looked(false)
        start.claim()
        let looksAgain = start.rested()
        #expect(looksAgain && start.looked(false) == .move(101))
    }

    @Test func aLookThatFailedIsRepeated() {
        var start = DeliveryStart(begins: 100)
        _ = start.arrived(101)
        _ = start.looked(nil)
        let looksAgain = start.rested()
        #expect(looksAgain)
    }

    @Test func whatTheQueueBringsMovesTheCursorAtOnce() {
        var start = DeliveryStart(begins: 100)
        let steps = [start.arrived(101), start.arrived(100)]
        #expect(steps == [.look, .move])
    }

    @Test func whatIsForgottenIsNotDeliveredByALatePong() {
        let conversation = UUID.random()
        var tracker = DeliveryTracker()
        _ = tracker.wrote(5, in: conversation)
        let ping = tracker.ping()
        tracker.forget(conversation)
        let (delivered, needsPing) = tracker.pong(ping)
        #expect(delivered.isEmpty && !needsPing)
        #expect(!tracker.isAwaiting)
    }
}
