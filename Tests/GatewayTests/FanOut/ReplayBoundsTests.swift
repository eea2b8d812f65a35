import Shared
import Testing

@testable import Gateway

@Suite struct ReplayBoundsTests {
    private let one = UUID.random()

    @Test func whatWasCountedIsNotCountedAgain() {
        var bounds = ReplayBounds()
        #expect(bounds.isWithin(50, of: one, at: 0) == nil)
        bounds.note(true, 50, of: one, at: 0)
        #expect(bounds.isWithin(50, of: one, at: 1) == true && bounds.isWithin(90, of: one, at: 1) == true)
        #expect(bounds.isWithin(40, of: one, at: 1) == nil, "it is further back")
        bounds.note(false, 10, of: one, at: 2)
        #expect(bounds.isWithin(10, of: one, at: 3) == false && bounds.isWithin(9, of: one, at: 3) == false)
        #expect(bounds.isWithin(50, of: one, at: 3) == true)
        #expect(bounds.isWithin(50, of: one, at: ReplayBounds.lifetime) == nil, "the conversation may have grown")
        #expect(bounds.isWithin(10, of: one, at: ReplayBounds.lifetime) == false, "it doesn't shrink")
    }

    @Test func littleIsKept() {
        var bounds = ReplayBounds()
        bounds.note(false, 10, of: one, at: 0)
        for _ in 0..<ReplayBounds.most { bounds.note(false, 10, of: UUID.random(), at: 0) }
        #expect(bounds.isWithin(10, of: one, at: 0) == nil)
    }
}
