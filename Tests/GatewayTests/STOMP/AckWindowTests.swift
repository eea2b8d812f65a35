import Testing

@testable import Gateway

@Suite struct AckWindowTests {
    private func filled(_ mode: StompAckMode) -> (AckWindow<String>, [AckIdentifier]) {
        var window = AckWindow<String>(subscription: 7, mode: mode, capacity: 4)
        let identifiers = ["a", "b", "c", "d"].compactMap { window.deliver($0) }
        return (window, identifiers)
    }

    @Test func clientModeIsCumulative() {
        var (window, identifiers) = filled(.client)
        #expect(window.settle(identifiers[1]) == ["a", "b"])
        #expect(window.settle(identifiers[0]) == [])
        #expect(window.settle(identifiers[3]) == ["c", "d"])
        #expect(window.isEmpty)
    }

    @Test func clientIndividualModeSettlesOne() {
        var (window, identifiers) = filled(.clientIndividual)
        #expect(window.settle(identifiers[2]) == ["c"])
        #expect(window.settle(identifiers[2]) == [])
        #expect(window.settle(identifiers[0]) == ["a"])
        #expect(window.count == 2)
    }

    @Test func aFullWindowTakesNothingUntilSomethingIsSettled() {
        var (window, identifiers) = filled(.clientIndividual)
        #expect(window.isFull)
        #expect(window.deliver("e") == nil)
        _ = window.settle(identifiers[1])
        #expect(window.deliver("e") == AckIdentifier(subscription: 7, sequence: 4))
    }

    @Test func olderVersionsNameTheMessage() {
        var (window, _) = filled(.client)
        #expect(window.settle { $0 == "b" } == ["a", "b"])
        #expect(window.settle { $0 == "a" } == [])
    }

    @Test func identifiersOfOthersSettleNothing() {
        var (window, _) = filled(.client)
        #expect(window.settle(AckIdentifier(subscription: 8, sequence: 1)) == [])
        #expect(window.settle(AckIdentifier(subscription: 7, sequence: 4)) == [])
        #expect(window.count == 4)
    }

    @Test func identifiersAreReadBack() {
        let identifier = AckIdentifier(subscription: 3, sequence: 12)
        #expect(AckIdentifier(identifier.text) == identifier)
        for text in ["", "3", "3-", "-3", "3-4-5", "a-b", "undefined", "3--4"] {
            #expect(AckIdentifier(text) == nil, "\(text)")
        }
    }
}
