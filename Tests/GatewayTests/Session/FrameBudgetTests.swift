import Testing

@testable import Gateway

@Suite struct FrameBudgetTests {
    @Test func moreIsAskedForOnceAndBeforeItIsNeeded() {
        var budget = FrameBudget()
        var questions: [Int] = []
        for frame in 1...FrameBudget.portion {
            #expect(!budget.isSpent)
            if budget.spend() { questions.append(frame) }
        }
        #expect(questions == [FrameBudget.portion / 2])
        #expect(budget.isSpent)
        budget.refill()
        #expect(!budget.isSpent)
    }

    /// What was asked for at once for the first time comes back as one portion each.
    @Test func eachPortionIsPaidFor() {
        var budget = FrameBudget()
        var paid = 0
        for _ in 0..<10 * FrameBudget.portion where budget.spend() {
            paid += FrameBudget.portion
            budget.refill()
        }
        #expect(paid >= 9 * FrameBudget.portion)
    }
}
