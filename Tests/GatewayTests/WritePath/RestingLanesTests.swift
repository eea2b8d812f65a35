import Testing

@testable import Gateway

@Suite struct RestingLanesTests {
    /// Each refused batch left again at the end of the same turn.
    @Test func aLaneRestsLongerEachTimeUntilItSucceeds() {
        var lanes = RestingLanes()
        var pauses: [Int64] = []
        for _ in 0..<6 {
            pauses.append(lanes.rest(3))
            #expect(lanes.contains(3) && !lanes.contains(4))
            lanes.wake(3)
            #expect(!lanes.contains(3))
        }
        #expect(pauses == [100, 200, 400, 800, 1_000, 1_000])
        lanes.succeeded(3)
        #expect(lanes.rest(3) == 100)
    }

    @Test func allWakeWithANewConnection() {
        var lanes = RestingLanes()
        _ = lanes.rest(1)
        _ = lanes.rest(1)
        lanes.wakeAll()
        #expect(!lanes.contains(1) && lanes.rest(1) == 100)
    }
}
