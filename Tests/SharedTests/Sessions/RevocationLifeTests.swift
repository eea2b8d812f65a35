import Testing

@testable import Shared

@Suite struct RevocationLifeTests {
    private func node(_ seconds: Int64?, isAlive: Bool = true) -> JSONObject {
        var node = JSONObject([("alive", .bool(isAlive))])
        if let seconds { node[RevocationLife.field] = .integer(seconds) }
        return node
    }

    /// Made 30 s after it by a clock that is ahead, 600 s long, and taken for 30 s more; an hour on top.
    @Test func aRevocationOutlivesTheTokensThatItIsAbout() {
        #expect(RevocationLife.seconds(lifetime: 600_000, leeway: 30_000) == 4_260)
        #expect(RevocationLife.seconds(lifetime: 0, leeway: 30_000) == nil)
    }

    @Test func whoNeedsItLongestDecides() {
        #expect(RevocationLife.needed(by: [node(4_000), node(9_000)]) == 9_000)
        #expect(RevocationLife.needed(by: [node(4_000), node(nil)]) == nil, "it takes tokens of any age")
        #expect(RevocationLife.needed(by: [node(4_000), node(nil, isAlive: false)]) == 4_000)
        #expect(RevocationLife.needed(by: []) == nil)
    }
}
