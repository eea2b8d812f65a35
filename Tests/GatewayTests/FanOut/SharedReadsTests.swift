import Shared
import Testing

@testable import Gateway

@Suite struct SharedReadsTests {
    @Test func oneReadServesAllWhoNeedIt() {
        var reads = SharedReads<String, Int>()
        var answers: [Int] = []
        let begun = (0..<1_000).compactMap { _ in reads.join("page") { answers.append($0) } }
        #expect(begun.count == 1)
        for waiter in reads.finish("page", begun[0]) { waiter(7) }
        #expect(answers == Array(repeating: 7, count: 1_000))
        let next = reads.join("page") { _ in }
        #expect(next != nil, "it is over")
    }

    /// What came in while the read was under way it may not have.
    @Test func nobodyJoinsAReadThatWasClosed() throws {
        var reads = SharedReads<String, Int>()
        var answers: [Int] = []
        let first = try #require(reads.join("page") { answers.append($0) })
        reads.close { $0 == "page" }
        let second = try #require(reads.join("page") { answers.append(10 * $0) })
        for waiter in reads.finish("page", first) { waiter(1) }
        #expect(answers == [1])
        for waiter in reads.finish("page", second) { waiter(2) }
        #expect(answers == [1, 20])
    }
}
