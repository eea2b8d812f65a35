import Testing

@testable import Gateway

@Suite struct SendOutcomeTests {
    @Test func withADoubtNothingIsSaidToBeARepeatOrUntouched() {
        #expect(SendOutcome.accepted(id: 7, isRepeat: true).withDoubt == .accepted(id: 7, isRepeat: false))
        #expect(SendOutcome.refused(.unavailable("full")).withDoubt == .refused(.outcomeUnknown))
        #expect(SendOutcome.refused(.notFound).withDoubt == .refused(.notFound))
    }

    @Test func whatMayHaveBecomeAMessageIsSomethingNew() {
        #expect(!SendOutcome.accepted(id: 7, isRepeat: false).isNothingNew)
        #expect(!SendOutcome.refused(.outcomeUnknown).isNothingNew)
        #expect(SendOutcome.accepted(id: 7, isRepeat: true).isNothingNew)
        #expect(SendOutcome.refused(.archived).isNothingNew)
    }
}
