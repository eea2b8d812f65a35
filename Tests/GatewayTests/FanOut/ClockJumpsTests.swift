import Shared
import Testing

@testable import Gateway

@Suite struct ClockJumpsTests {
    private static let noon: Int64 = 1_764_331_200_000

    private func jumps(_ minutes: (to: Int64, from: Int64)...) -> ClockJumps {
        ClockJumps(minutes.map { .string(Array("\(Self.time($0.to)) \(Self.time($0.from))".utf8)) })
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

    @Test func anythingElseIsNoJump() {
        #expect(ClockJumps([.null, .string(Array("1".utf8)), .string(Array("a b".utf8))]).start(of: id(5)) == id(5))
    }
}
