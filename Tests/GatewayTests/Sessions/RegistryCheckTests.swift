import Testing

@testable import Gateway

@Suite struct RegistryCheckTests {
    private func look(_ check: inout RegistryCheck, _ stored: Int, _ own: Int) -> Bool {
        check.compares(stored: stored, own: own)
    }

    @Test func theFirstLookAndTheOneBehindALapseCompare() {
        var check = RegistryCheck()
        #expect(look(&check, 0, 0))
        #expect(look(&check, 0, 0), "until it was possible")
        check.compared()
        #expect(!look(&check, 3, 3))
        check.lapsed()
        #expect(look(&check, 3, 3))
    }

    @Test func oneDifferenceIsASessionOnItsWayTwoAreAMistake() {
        var check = RegistryCheck()
        check.compared()
        #expect(!look(&check, 4, 3))
        #expect(!look(&check, 3, 3))
        #expect(!look(&check, 4, 3))
        #expect(look(&check, 4, 3))
    }

    @Test func nowAndThenItComparesInAnyCase() {
        var check = RegistryCheck()
        check.compared()
        let looks = (1...RegistryCheck.heartbeats).map { _ in check.compares(stored: 3, own: 3) }
        #expect(looks.count(where: { $0 }) == 1 && looks.last == true)
    }
}
