import Shared
import Testing

@testable import Gateway

@Suite struct QueuePositionTests {
    @Test(arguments: [QueuePosition(event: 0), QueuePosition(event: 244_875_698_592_331, owesUndelivered: true)])
    func whatIsToldIsReadAgain(position: QueuePosition) {
        #expect(QueuePosition(position.text.utf8) == position)
    }

    /// A conversation whose ids are ahead of the clock, as after a failover to a clock that is: events of others come next.
    @Test func itNeverGoesAheadOfTheClock() {
        let now: Int64 = 1_760_000_000_000
        var position = QueuePosition(event: EventID(at: now - 1_000))
        position.goOn(with: EventID(at: now + 60_000), at: now)
        #expect(position.event <= EventID(at: now + 1_000))
        let reached = position.event
        position.goOn(with: EventID(at: now - 5_000), at: now)
        #expect(position.event == reached, "nor back")
        position.goOn(with: EventID(at: now + 2_000).next, at: now + 2_000)
        #expect(position.event == EventID(at: now + 2_000).next, "of the same millisecond")
    }

    @Test(arguments: ["", "u", "uu1", "-1", "1u", "x1", "99999999999999999999"])
    func anythingElseIsNone(text: String) {
        #expect(QueuePosition(text.utf8) == nil)
    }
}
