import Testing

@testable import Gateway

@Suite struct HeartBeatMonitorTests {
    /// A monitor that has sent and received at `start`.
    private func monitor(_ sendEvery: Int64, _ expectEvery: Int64, start: Int64 = 1_000) -> HeartBeatMonitor {
        var monitor = HeartBeatMonitor(sendEvery: sendEvery, expectEvery: expectEvery)
        monitor.sent(at: start)
        monitor.received(at: start)
        return monitor
    }

    @Test func zeroMeansNone() {
        var monitor = monitor(0, 0)
        #expect(monitor.check(1_000_000_000) == .fine(.max))
    }

    @Test func ourHeartBeatLeavesBeforeItIsOwed() {
        var monitor = monitor(10_000, 0)
        #expect(monitor.check(8_499) == .fine(8_500))
        #expect(monitor.check(8_500) == .sendHeartBeat)
        monitor.sent(at: 8_500)
        #expect(monitor.check(8_501) == .fine(16_000))
    }

    @Test func aHiddenTabThatTicksOnceAMinuteIsNotMissed() {
        var monitor = monitor(0, 10_000)
        #expect(monitor.check(61_000) == .fine(76_001))
        #expect(monitor.check(76_000) == .fine(76_001))
        #expect(monitor.check(76_001) == .missed)
    }

    @Test func longIntervalsAreMissedAfterThree() {
        var monitor = monitor(0, 30_000)
        #expect(monitor.check(91_000) == .fine(91_001))
        #expect(monitor.check(91_001) == .missed)
    }

    @Test func anythingReceivedStartsAnew() {
        var monitor = monitor(0, 10_000)
        monitor.received(at: 70_000)
        #expect(monitor.check(100_000) == .fine(145_001))
    }

    @Test func theFirstLookStartsTheIntervals() {
        var monitor = HeartBeatMonitor(sendEvery: 4, expectEvery: .max)
        #expect(monitor.check(500_000) == .fine(500_003))
        #expect(monitor.check(500_003) == .sendHeartBeat)
    }
}
