import Testing

@testable import Gateway

@Suite struct ReplyQueueTests {
    @Test func repliesLeaveInTheOrderOfTheirPlaces() {
        var queue = ReplyQueue<String>()
        let places = (0..<4).map { _ in queue.reserve() }
        #expect(queue.count == 4)
        #expect(queue.fill(places[2], "c").isEmpty)
        #expect(queue.fill(places[1], "b").isEmpty)
        #expect(queue.fill(places[0], "a") == ["a", "b", "c"])
        let later = queue.reserve()
        #expect(queue.fill(later, "e").isEmpty)
        #expect(queue.fill(places[3], "d") == ["d", "e"])
        #expect(queue.isEmpty)
    }

    @Test func aPlaceIsFilledOnce() {
        var queue = ReplyQueue<Int>()
        let place = queue.reserve()
        #expect(queue.fill(place, 1) == [1])
        #expect(queue.fill(place, 2).isEmpty)
    }
}
