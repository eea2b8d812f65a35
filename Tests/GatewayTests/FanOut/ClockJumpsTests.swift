import Shared
import Testing

@testable import Gateway

@Suite struct ClockJumpsTests {
    private static let noon: Int64 = 1_764_331_200_000

    private func jumps(_ minutes: (to: Int64, from: Int64)...) -> ClockJumps {
        .noted(minutes.map { (to: Self.time($0.to), from: Self.time($0.from)) })
    }

    private static func time(_ minutes: Int64) -> Int64 { noon + 60_000 * minutes }

    private func id(_ minutes: Int64) -> EventID { EventID(at: Self.time(minutes)) }

    /// What came in the minutes that the clock went through twice has lower ids than the position.
    @Test func aPositionFromBeforeTheClockWentBackBeginsWhereItWentTo() {
        let jumps = jumps((to: 0, from: 12))
        #expect(jumps.start(of: id(12)) == id(0))
        #expect(jumps.start(of: id(1)) == id(0))
        let soonAfterTheLastLook = EventID(at: Self.time(12) + 5_000)
        #expect(jumps.start(of: soonAfterTheLastLook) == id(0))
    }

    @Test func othersBeginWhereTheyAre() {
        let jumps = jumps((to: 0, from: 12))
        #expect(jumps.start(of: id(0)) == id(0))
        #expect(jumps.start(of: id(-1)) == id(-1))
        #expect(jumps.start(of: id(13)) == id(13))
        #expect(ClockJumps().start(of: id(5)) == id(5))
    }

    @Test func oneJumpMayLeadIntoAnother() {
        #expect(jumps((to: 0, from: 12), (to: 10, from: 20)).start(of: id(15)) == id(0))
        #expect(jumps((to: 10, from: 20), (to: 0, from: 12)).start(of: id(15)) == id(0))
        #expect(jumps((to: 0, from: 5), (to: 10, from: 20)).start(of: id(15)) == id(10))
    }

    /// On which side of a jump a time was given, only the number tells.
    @Test func whatWasGivenAfterAJumpBeginsWhereItIs() {
        let jumps = jumps((to: 0, from: 12), (to: 10, from: 20))
        #expect(jumps.latest == 2)
        #expect(jumps.start(of: id(11), knowing: 1) == id(10))
        #expect(jumps.start(of: id(9), knowing: 1) == id(9))
        #expect(jumps.start(of: id(15), knowing: 2) == id(15))
        #expect(ClockJumps().latest == 0)
    }

    @Test func anythingElseIsNoJump() {
        #expect(
            ClockJumps([.null, .string(Array("1 2".utf8)), .string(Array("a b c".utf8))]).start(of: id(5)) == id(5))
    }
}

extension ClockJumps {
    /// Jumps (ms) in the order in which they were noted, numbered from 1.
    static func noted(_ jumps: [(to: Int64, from: Int64)]) -> ClockJumps {
        ClockJumps(
            jumps.enumerated().map { .string(Array("\($0.offset + 1) \($0.element.to) \($0.element.from)".utf8)) })
    }
}
