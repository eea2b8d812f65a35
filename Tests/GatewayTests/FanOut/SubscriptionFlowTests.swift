import Testing

@testable import Gateway

@Suite struct SubscriptionFlowTests {
    /// A gap was told, and what follows on it is held back: the room doesn't know of it yet.
    @Test func aFullPageIsNotTheEndHoweverFarTheRoomIs() {
        #expect(Subscription.Flow.behindPage(at: 200, isLast: false, room: 100) == .behind(200))
    }

    @Test func theLastPageIsTheEndOnceItReachesTheRoom() {
        #expect(Subscription.Flow.behindPage(at: 200, isLast: true, room: 200) == .ahead(200))
        #expect(Subscription.Flow.behindPage(at: 200, isLast: true, room: 100) == .ahead(200))
        #expect(Subscription.Flow.behindPage(at: 200, isLast: true, room: 201) == .behind(200))
    }
}
