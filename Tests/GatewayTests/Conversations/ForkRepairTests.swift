import Shared
import Testing

@testable import Gateway

@Suite struct ForkRepairTests {
    @Test func aSecondProofMendsFurther() {
        var repairs = RepairsUnderWay()
        let one = UUID.random()
        let isFirst = repairs.begin(one, 10)
        #expect(isFirst)
        #expect(repairs.next(one) == 10)
        let isAlone = repairs.begin(one, 20)
        #expect(!isAlone)
        repairs.isMended(one, upTo: 10)
        #expect(repairs.next(one) == 20, "more was lost than was mended")
        repairs.isMended(one, upTo: 20)
        #expect(repairs.next(one) == nil)
    }
}
