import Shared
import Testing

@Suite struct PostgresTimelineTests {
    @Test func theTextComesBackAsItWent() {
        let timeline = PostgresTimeline(system: 7_713_041_441_136_332_687, number: 3)
        #expect(timeline.description == "7713041441136332687/3")
        #expect(PostgresTimeline(timeline.description) == timeline)
        #expect(
            PostgresTimeline("7/1") != PostgresTimeline("7/2") && PostgresTimeline("7/1") != PostgresTimeline("8/1"))
    }

    @Test(arguments: ["", "7", "7/", "/1", "7/1/2", "a/1", "7/99999999999999999999"])
    func otherTextsAreNone(text: String) {
        #expect(PostgresTimeline(text) == nil)
    }
}
