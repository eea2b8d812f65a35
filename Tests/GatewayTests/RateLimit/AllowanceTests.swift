import Shared
import Testing

@testable import Gateway

@Suite struct AllowanceTests {
    private typealias Allowance = Gateway.Allowance<Int>

    private func take(_ allowance: inout Allowance, _ waiter: Int = 0, at now: Int64 = 0) -> Allowance.Verdict {
        allowance.take(waiter, at: now).0
    }

    @Test func theFirstOneWaitsForNothing() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 100))
        let (verdict, question) = allowance.take(1, at: 0)
        #expect(verdict == .go && question == Allowance.Question(debt: 1, want: 5))
        let (second, none) = allowance.take(2, at: 0)
        #expect(second == .wait && none == nil)
        #expect(take(&allowance, 3) == .wait)
        let answer = allowance.answered(given: 5, retryAfter: 100, at: 1)
        #expect(answer.settled.map(\.0) == [2, 3] && answer.settled.allSatisfy { $0.1 == .go })
        #expect(take(&allowance, 4, at: 2) == .go)
    }

    @Test func moreIsAskedForBeforeItIsNeeded() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 100))
        _ = allowance.take(0, at: 0)
        _ = allowance.answered(given: 5, retryAfter: 100, at: 1)
        #expect(allowance.take(0, at: 2).1 == nil)
        #expect(allowance.take(0, at: 3).1 == nil)
        #expect(allowance.take(0, at: 4).1 == Allowance.Question(debt: 0, want: 5))
        #expect(allowance.take(0, at: 5) == (.go, nil))
    }

    @Test func anEmptyBucketRefusesWithoutAskingUntilItHasSomething() {
        var allowance = Allowance(RateLimit(interval: 1_000, burst: 1))
        #expect(take(&allowance, 1, at: 0) == .go)
        #expect(take(&allowance, 2, at: 0) == .wait)
        let answer = allowance.answered(given: 0, retryAfter: 900, at: 10)
        #expect(answer.settled.map(\.1) == [.refuse(retryAfter: 900)] && answer.question == nil)
        #expect(allowance.take(3, at: 110) == (.refuse(retryAfter: 800), nil))
        let (verdict, question) = allowance.take(4, at: 910)
        #expect(verdict == .wait && question == Allowance.Question(debt: 0, want: 1))
    }

    @Test func whoWaitsIsAskedForTogether() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 20))
        for waiter in 0..<11 { _ = allowance.take(waiter, at: 0) }
        let answer = allowance.answered(given: 1, retryAfter: 100, at: 1)
        #expect(answer.settled.map(\.0) == [1] && answer.question == Allowance.Question(debt: 0, want: 9))
        let last = allowance.answered(given: 9, retryAfter: 100, at: 2)
        #expect(last.settled.map(\.0) == Array(2...10))
    }

    @Test func withoutRedisEverybodyMayGo() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 20))
        for waiter in 0..<3 { _ = allowance.take(waiter, at: 0) }
        #expect(allowance.failed() == [1, 2])
        #expect(take(&allowance, at: 1) == .go)
    }

    @Test func whatIsNotUsedIsGivenBack() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 100))
        _ = allowance.take(0, at: 0)
        #expect(allowance.surplus(at: 9_000, idle: 2_000) == nil, "an answer is awaited")
        _ = allowance.answered(given: 5, retryAfter: 100, at: 1)
        #expect(allowance.surplus(at: 1_999, idle: 2_000) == nil)
        #expect(allowance.surplus(at: 2_000, idle: 2_000) == 5)
    }

    @Test func whatCannotWaitGoesOnCredit() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 50))
        #expect(allowance.takeAtOnce(at: 0).1 == Allowance.Question(debt: 1, want: 2))
        for _ in 0..<5 { #expect(allowance.takeAtOnce(at: 0) == (.go, nil)) }
        #expect(allowance.takeAtOnce(at: 0).0 == .refuse(retryAfter: 100))
        let answer = allowance.answered(given: 2, retryAfter: 100, at: 1)
        #expect(answer.question == Allowance.Question(debt: 5, want: 2))
    }

    /// Four loops hammer one bucket with answers that take their time: what gets through is what the bucket holds and gains.
    @Test func theSumOverAllLoopsIsTheLimit() {
        let limit = RateLimit(interval: 50, burst: 100)
        var generator = SplitMix(seed: 7)
        var full = 0.0
        var loops = (0..<4).map { _ in Allowance(limit) }
        var pending: [(at: Int64, loop: Int, question: Allowance.Question)] = []
        var passed = 0
        let duration: Int64 = 20_000
        for now in 0..<duration {
            for (_, loop, question) in pending.filter({ $0.at == now }) {
                full = max(Double(now), full) + Double(question.debt) * limit.interval
                let level = Int(Double(limit.burst) - (full - Double(now)) / limit.interval + 0.0001)
                let given = max(0, min(question.want, level))
                full += Double(given) * limit.interval
                let retryAfter = Int64((full - Double(now) - Double(limit.burst - 1) * limit.interval).rounded(.up))
                let answer = loops[loop].answered(given: given, retryAfter: max(1, retryAfter), at: now)
                passed += answer.settled.count { $0.1 == .go }
                if let next = answer.question { pending.append((now + 2, loop, next)) }
            }
            pending.removeAll { $0.at <= now }
            let loop = Int(generator.next() % 4)
            let (verdict, question) = loops[loop].take(0, at: now)
            if verdict == .go { passed += 1 }
            if let question { pending.append((now + 2, loop, question)) }
        }
        let allowed = Double(limit.burst) + Double(duration) / limit.interval
        #expect(Double(passed) <= allowed * 1.02 && Double(passed) >= allowed * 0.9, "\(passed) of \(allowed)")
    }

    /// Redis was lost with the question: what it would have counted nobody knows any more.
    @Test func whatWasSpentAheadOfALostAnswerIsForgotten() {
        var allowance = Allowance(RateLimit(interval: 100, burst: 100))
        _ = allowance.takeAtOnce(at: 0)
        _ = allowance.takeAtOnce(at: 0)
        _ = allowance.failed()
        #expect(allowance.surplus(at: 10_000, idle: 2_000) == 0)
    }

    /// A group of a thousand costs a thousand, which one loop doesn't have at hand.
    @Test func whatCostsMoreIsAskedForAtOnce() {
        var allowance = Allowance(RateLimit(interval: 50, burst: 2_000))
        let (verdict, question) = allowance.take(1, count: 1_000, at: 0)
        #expect(verdict == .wait && question == Allowance.Question(debt: 0, want: 1_000))
        let answer = allowance.answered(given: 1_000, retryAfter: 1, at: 1)
        #expect(answer.settled.map(\.1) == [.go])
    }

    /// Where Redis gives less than is wanted there is no more: nobody asks again and again for the rest, and what was given
    /// serves the next.
    @Test func whatCostsMoreThanThereIsIsRefusedForAsLongAsItTakes() {
        var allowance = Allowance(RateLimit(interval: 50, burst: 2_000))
        _ = allowance.take(1, count: 1_000, at: 0)
        let (second, none) = allowance.take(2, count: 10, at: 0)
        #expect(second == .wait && none == nil)
        let answer = allowance.answered(given: 400, retryAfter: 50, at: 1)
        #expect(answer.settled.map(\.0) == [1, 2])
        #expect(answer.settled.map(\.1) == [.refuse(retryAfter: 50 + 599 * 50), .go])
        #expect(answer.question == nil)
        #expect(allowance.take(3, count: 390, at: 2).0 == .go)
    }

    @Test func whatCostsMoreThanTheBucketHoldsTakesAllOfIt() {
        var allowance = Allowance(RateLimit(interval: 50, burst: 20))
        #expect(allowance.take(1, count: 1_000, at: 0).1 == Allowance.Question(debt: 0, want: 20))
        #expect(allowance.answered(given: 20, retryAfter: 1, at: 1).settled.map(\.1) == [.go])
    }

    @Test func whoWaitsForMuchIsntOvertaken() {
        var allowance = Allowance(RateLimit(interval: 50, burst: 100))
        _ = allowance.take(0, at: 0)
        _ = allowance.take(1, count: 50, at: 0)
        _ = allowance.take(2, at: 0)
        let first = allowance.answered(given: 5, retryAfter: 1, at: 1)
        #expect(first.settled.isEmpty && first.question == Allowance.Question(debt: 0, want: 46))
        let second = allowance.answered(given: 46, retryAfter: 1, at: 2)
        #expect(second.settled.map(\.0) == [1, 2] && second.settled.allSatisfy { $0.1 == .go })
    }
}
