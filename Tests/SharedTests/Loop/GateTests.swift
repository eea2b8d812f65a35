import Testing

@testable import Shared

@Suite struct GateTests {
    @Test func whoComesBeyondWaitsForTheirTurn() async throws {
        let loop = try EventLoop()
        let steps = Locked<[String]>([])
        let thread = LoopThread(loop) {
            let gate = Gate(2)
            let deadline = MonotonicClock.nowMilliseconds() + 5_000
            for name in ["a", "b", "c", "d"] {
                loop.spawn {
                    await gate.enter()
                    steps.withLock { $0.append(loop.isCurrent ? name : "elsewhere") }
                }
            }
            loop.scheduleRepeating(every: 5) {
                let count = steps.withLock { $0.count }
                // Nobody else gets in before somebody leaves.
                if count == 2 {
                    steps.withLock { $0.append("|") }
                    gate.leave()
                    gate.leave()
                    gate.leave()
                }
                let isOver = count == 5 || MonotonicClock.nowMilliseconds() > deadline
                if isOver { loop.stop() }
                return !isOver
            }
        }
        thread.join()
        #expect(steps.withLock { $0 } == ["a", "b", "|", "c", "d"])
    }
}
