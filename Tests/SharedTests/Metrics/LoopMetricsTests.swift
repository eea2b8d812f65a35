import Testing

@testable import Shared

@Suite struct LoopMetricsTests {
    @Test func theHighestOfTheLastMinutesIsKept() {
        var recent = RecentMaximum()
        recent.note(5, at: 1_000)
        recent.note(9, at: 2_000)
        recent.note(3, at: 60_999)
        #expect(recent.value == 9)
        // The minute of the 9 is over, but not yet forgotten.
        recent.note(4, at: 61_000)
        #expect(recent.value == 9)
        recent.note(2, at: 121_000)
        #expect(recent.value == 4)
        // Nothing happened for long.
        recent.note(1, at: 500_000)
        #expect(recent.value == 1)
    }

    @Test func turnsAreMeasured() throws {
        let registry = MetricsRegistry()
        let loop = try EventLoop(index: 3)
        LoopMetrics.observe(loop, in: registry)
        loop.schedule(after: 0) {
            let begun = MonotonicClock.nowMilliseconds()
            while MonotonicClock.nowMilliseconds() < begun + 20 {}
            loop.schedule(after: 0) { loop.stop() }
        }
        loop.run()
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        func value(_ name: String) -> Double? {
            text.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: " ").last.flatMap { Double($0) }
        }
        #expect(value("parley_loop_turn_seconds_count{loop=\"3\"}") ?? 0 >= 2)
        #expect(value("parley_loop_turn_seconds_sum{loop=\"3\"}") ?? 0 >= 0.019)
        #expect(value("parley_loop_longest_turn_seconds{loop=\"3\"}") ?? 0 >= 0.019)
        #expect(value("parley_loop_mailbox{loop=\"3\"}") == 0)
    }
}
