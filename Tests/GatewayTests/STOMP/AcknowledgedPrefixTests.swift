import Testing

@testable import Gateway

@Suite struct AcknowledgedPrefixTests {
    @Test func whatWaitsHoldsBackWhatIsBehindIt() {
        var prefix = AcknowledgedPrefix()
        let moves = [
            prefix.acknowledge([1], firstWaiting: 2), prefix.acknowledge([4], firstWaiting: 2),
            prefix.acknowledge([3], firstWaiting: 2), prefix.acknowledge([2], firstWaiting: 5),
            prefix.acknowledge([5, 6], firstWaiting: nil),
        ]
        #expect(moves == [1, nil, nil, 4, 6])
    }

    @Test func nothingPassesWhatWasRefused() {
        var prefix = AcknowledgedPrefix()
        prefix.refuse([3])
        let moves = [
            prefix.acknowledge([4], firstWaiting: 1), prefix.acknowledge([1], firstWaiting: 2),
            prefix.acknowledge([2], firstWaiting: 5), prefix.acknowledge([5, 6], firstWaiting: nil),
        ]
        #expect(moves == [nil, 1, 2, nil])
        prefix.refuse([9])
        let late = prefix.acknowledge([8], firstWaiting: nil)
        #expect(late == nil)
    }
}
