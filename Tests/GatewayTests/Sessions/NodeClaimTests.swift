import Testing

@testable import Gateway
@testable import Shared

@Suite struct NodeClaimTests {
    private func claim() -> NodeClaim { NodeClaim(lifetime: 15_000, interval: 5_000) }

    private func judge(_ claim: inout NodeClaim, _ remaining: Int64, _ hasEnded: Bool) -> NodeClaim.Step {
        claim.judge(remaining: remaining, hasEnded: hasEnded)
    }

    @Test func aProcessOfThisMachineThatHasEndedIsNotWaitedFor() {
        var claim = claim()
        #expect(judge(&claim, 14_900, true) == .takeOver)
    }

    @Test func anEntryThatIsRenewedIsOfAProcessThatLives() {
        var claim = claim()
        #expect(judge(&claim, 12_000, false) == .wait)
        #expect(judge(&claim, 11_500, false) == .wait)
        #expect(judge(&claim, 15_000, false) == .refuse)
    }

    @Test func anEntryThatNobodyRenewsIsOfADeadOne() {
        var claim = claim()
        var remaining: Int64 = 15_000
        var questions = 0
        while claim.judge(remaining: remaining, hasEnded: false) == .wait {
            remaining -= NodeClaim.pause
            questions += 1
        }
        #expect(remaining == 7_500 && questions == 15)
        #expect(judge(&claim, remaining, false) == .takeOver)
    }

    @Test func factsAreReadBackAndOlderOnesTellNoPlace() {
        let facts = NodeFacts(incarnation: "one", place: ProcessPlace(space: "here", id: 7))
        let read = NodeFacts(JSONWriter.bytes(.object(JSONObject(facts.members))))
        #expect(read.incarnation == "one" && read.place == facts.place)
        let old = NodeFacts(Array(#"{"id":"gateway-1"}"#.utf8))
        #expect(old.incarnation.isEmpty && !old.place.hasEnded)
    }

    @Test func aProcessIsKnownToHaveEndedOnlyWhereItRan() {
        let here = ProcessPlace.current.space
        #expect(!here.isEmpty)
        // The first process of a machine never ends.
        #expect(!ProcessPlace(space: here, id: 1).hasEnded)
        #expect(ProcessPlace(space: here, id: .max).hasEnded)
        #expect(!ProcessPlace(space: "elsewhere", id: .max).hasEnded)
        #expect(ProcessPlace.current.hasEnded, "whoever had this number before has ended")
    }
}
