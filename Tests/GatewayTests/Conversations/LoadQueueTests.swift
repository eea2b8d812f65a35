import Shared
import Testing

@testable import Gateway

@Suite struct LoadQueueTests {
    @Test func aFewAreUnderWayAndTheOthersFollowInOrder() {
        var queue = LoadQueue()
        let ids = (0..<1_000).map { UUID(high: 0, low: UInt64($0)) }
        let answers = ids.map { queue.ask($0, at: 0) }
        #expect(answers.count { $0 == .begins } == LoadQueue.atOnce)
        #expect(answers.count { $0 == .waits } == 1_000 - LoadQueue.atOnce)
        var begun: [UUID] = []
        var loads = 0
        while case let next = queue.ended(at: 1).begins, !next.isEmpty {
            begun += next
            loads += 1
        }
        #expect(begun == Array(ids[LoadQueue.atOnce...]))
        #expect(loads == (1_000 - LoadQueue.atOnce + LoadQueue.together - 1) / LoadQueue.together)
        // One has ended for good; the others do.
        for _ in 1..<LoadQueue.atOnce { #expect(queue.ended(at: 1).begins == []) }
        #expect(queue.ask(ids[0], at: 2) == .begins)
    }

    /// Who asked has been refused meanwhile, and comes again: to load what nobody waits for would keep those who come waiting.
    @Test func whatHasWaitedTooLongIsNotLoaded() {
        var queue = LoadQueue()
        for _ in 0..<LoadQueue.atOnce { _ = queue.ask(UUID.random(), at: 0) }
        let (late, fresh) = (UUID.random(), UUID.random())
        _ = queue.ask(late, at: 0)
        _ = queue.ask(fresh, at: 1)
        let (found, next) = queue.ended(at: LoadQueue.patience)
        #expect(found == [late] && next == [fresh])
    }

    @Test func theQueueIsBounded() {
        var queue = LoadQueue()
        for _ in 0..<LoadQueue.atOnce + LoadQueue.most { _ = queue.ask(UUID.random(), at: 0) }
        #expect(queue.ask(UUID.random(), at: 0) == .isFull)
    }
}
