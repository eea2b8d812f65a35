import Testing

@testable import Gateway

@Suite struct KeySetScheduleTests {
    @Test func aSetIsFetchedAtOnceAndWhenItIsOld() {
        var schedule = KeySetSchedule(lifetime: 600_000)
        #expect(schedule.begin(at: 0, isAsked: false) == true)
        #expect(schedule.begin(at: 1, isAsked: true) == false, "one is under way")
        schedule.end(at: 100, succeeded: true)
        #expect(schedule.begin(at: 599_000, isAsked: false) == false)
        #expect(schedule.begin(at: 600_100, isAsked: false) == true)
    }

    /// Strangers can make up tokens with keys that nobody knows.
    @Test func unknownKeysCauseOneFetchPerGap() {
        var schedule = KeySetSchedule(lifetime: 600_000)
        #expect(schedule.begin(at: 0, isAsked: false) == true)
        schedule.end(at: 10, succeeded: true)
        let fetches = (0..<100).filter { (second: Int64) in
            let begins = schedule.begin(at: 1_000 * second, isAsked: true)
            if begins { schedule.end(at: 1_000 * second, succeeded: true) }
            return begins
        }
        #expect(fetches == [10, 20, 30, 40, 50, 60, 70, 80, 90])
    }

    @Test func aFailedFetchIsRepeatedAfterTheGap() {
        var schedule = KeySetSchedule(lifetime: 600_000)
        #expect(schedule.begin(at: 0, isAsked: false) == true)
        schedule.end(at: 10, succeeded: false)
        #expect(schedule.begin(at: 9_999, isAsked: false) == false)
        #expect(schedule.begin(at: 10_000, isAsked: false) == true)
    }
}
