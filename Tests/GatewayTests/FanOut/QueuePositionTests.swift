import Shared
import Testing

@testable import Gateway

@Suite struct QueuePositionTests {
    private static let minute: Int64 = 60_000
    private static let hour = 60 * minute
    /// When the clock went back.
    private static let noon: Int64 = 1_764_331_200_000
    private let twoHours = ClockJumps.noted([(to: noon, from: noon + 2 * hour)])

    private func position(_ sinceNoon: Int64, epoch: Int64 = 0) -> QueuePosition {
        QueuePosition(event: EventID(at: Self.noon + sinceNoon), epoch: epoch)
    }

    // MARK: The text

    @Test(arguments: [
        QueuePosition(event: 0), QueuePosition(event: 244_875_698_592_331, owesUndelivered: true),
        QueuePosition(event: 7, epoch: 1_764_331_200_000), QueuePosition(event: 7, epoch: 1, owesUndelivered: true),
    ])
    func whatIsToldIsReadAgain(position: QueuePosition) {
        #expect(QueuePosition(position.text(oldestFormat: 2).utf8) == position)
    }

    /// It refuses what it can't read.
    @Test func whileAGatewayOfTheFirstReleaseIsThereItIsToldWhatThatReads() {
        #expect(QueuePosition(event: 7, epoch: 3, owesUndelivered: true).text(oldestFormat: 1) == "u7")
        #expect(QueuePosition(event: 7, epoch: 3).text(oldestFormat: 2) == "7-3")
        #expect(QueuePosition(event: 7).text(oldestFormat: 2) == "7")
    }

    @Test(arguments: ["", "u", "uu1", "-1", "1u", "x1", "99999999999999999999", "1-", "1-x", "1-2-3", "1--2"])
    func anythingElseIsNone(text: String) {
        #expect(QueuePosition(text.utf8) == nil)
    }

    // MARK: Going on

    /// A conversation whose ids are ahead of the clock, as after a failover to a clock that is: events of others come next.
    @Test func itNeverGoesAheadOfTheClock() {
        let now: Int64 = 1_760_000_000_000
        var position = QueuePosition(event: EventID(at: now - 1_000))
        position.goOn(with: EventID(at: now + 60_000), at: now, knowing: 0)
        #expect(position.event <= EventID(at: now + 1_000))
        let reached = position.event
        position.goOn(with: EventID(at: now - 5_000), at: now, knowing: 0)
        #expect(position.event == reached, "nor back")
        position.goOn(with: EventID(at: now + 2_000).next, at: now + 2_000, knowing: 0)
        #expect(position.event == EventID(at: now + 2_000).next, "of the same millisecond")
    }

    /// What fell behind hours later would else be brought all that came since the clock went back.
    @Test func aLiveQueueGoesOnFromWhatItIsBroughtAfterTheClockWentBack() {
        var live = position(2 * Self.hour)
        live.goOn(with: EventID(at: Self.noon + 3_000), at: Self.noon + 3_000, knowing: 0)
        #expect(live == position(2 * Self.hour), "nobody has noted it yet")
        live.goOn(with: EventID(at: Self.noon + 9_000), at: Self.noon + 9_000, knowing: 1)
        #expect(live == position(9_000, epoch: 1))
        live.goOn(with: EventID(at: Self.noon + 90 * Self.minute), at: Self.noon + 90 * Self.minute, knowing: 1)
        live.follow(twoHours)
        #expect(live == position(90 * Self.minute, epoch: 1))
    }

    @Test func whatHasBegunWhereTheClockWentBackToDoesNotBeginThereAgain() {
        var behind = position(30 * Self.minute)
        behind.follow(twoHours)
        #expect(behind == position(0, epoch: 1))
        behind.goOn(with: EventID(at: Self.noon + Self.hour), at: Self.noon + Self.hour, knowing: 1)
        behind.follow(twoHours)
        #expect(behind == position(Self.hour, epoch: 1))
    }

    // MARK: Resuming

    @Test func aPositionFromAfterALongJumpIsSimplyResumed() {
        let fresh = position(90 * Self.minute, epoch: 1)
        #expect(fresh.resumed(at: Self.noon + 90 * Self.minute + 2_000, twoHours) == fresh)
        let aYear = ClockJumps.noted([(to: Self.noon, from: Self.noon + 365 * 24 * Self.hour)])
        #expect(fresh.resumed(at: Self.noon + 90 * Self.minute + 2_000, aYear) == fresh)
    }

    @Test func aPositionFromTheTimeAheadBeginsWhereTheClockWentBackTo() {
        let near = position(50 * Self.minute)
        #expect(near.resumed(at: Self.noon + 3 * Self.hour, twoHours) == position(0, epoch: 1))
        let owing = QueuePosition(event: near.event, owesUndelivered: true)
        #expect(owing.resumed(at: Self.noon + 3 * Self.hour, twoHours)?.owesUndelivered == true)
        let far = position(90 * Self.minute)
        #expect(far.resumed(at: Self.noon + 3 * Self.hour, twoHours) == nil, "too much came since")
    }

    @Test func aPositionFromBeforeTheTimeAheadIsSimplyResumed() {
        #expect(position(-1).resumed(at: Self.noon + Self.hour, twoHours) == position(-1, epoch: 1))
    }

    @Test func aPositionFromTheFutureOrFromLongAgoIsNot() {
        #expect(position(10_000).resumed(at: Self.noon, ClockJumps()) == position(10_000))
        #expect(position(11_000).resumed(at: Self.noon, ClockJumps()) == nil)
        #expect(position(0).resumed(at: Self.noon + 31 * 24 * Self.hour, ClockJumps()) == nil)
    }
}
