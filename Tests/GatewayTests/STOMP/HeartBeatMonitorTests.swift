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

    /// The least interval that `PARLEY_HEARTBEAT` allows is 3 s.
    @Test(arguments: [3_000, 5_000, 8_000, 10_000, 600_000] as [Int64])
    func evenALateLookIsInTime(_ interval: Int64) {
        var monitor = monitor(interval, 0, start: 0)
        guard case .fine(let due) = monitor.check(0) else {
            Issue.record("not fine at once")
            return
        }
        #expect(due + HeartBeatMonitor.lateness <= interval)
        #expect(monitor.check(due + HeartBeatMonitor.lateness) == .sendHeartBeat)
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
        #expect(monitor.check(500_000) == .fine(500_001))
        #expect(monitor.check(500_001) == .sendHeartBeat)
    }
}
