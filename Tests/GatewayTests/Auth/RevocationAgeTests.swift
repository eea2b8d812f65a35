import Shared
import Testing

@testable import Gateway

@Suite struct RevocationAgeTests {
    private static let noon: Int64 = 1_764_331_200
    private static let life: Int64 = 86_400

    private func end(redis: Int64, own: Int64, _ jumps: ClockJumps = ClockJumps()) -> Int64? {
        RevocationAge(redis: Self.noon + redis, own: Self.noon + own, jumps: jumps).end(ofThoseNeededFor: Self.life)
            .map { $0 - Self.noon }
    }

    @Test func theEarlierClockCounts() {
        #expect(end(redis: 0, own: 0) == -Self.life)
        #expect(end(redis: 60, own: 0) == -Self.life)
        #expect(end(redis: 0, own: 60) == -Self.life)
    }

    /// Two hours ahead, all revocations of the last two hours that count would go for good.
    @Test func whereTheClocksDisagreeNothingGoes() {
        for ahead in [61, 7_200] as [Int64] {
            #expect(end(redis: ahead, own: 0) == nil)
            #expect(end(redis: 0, own: ahead) == nil)
        }
    }

    /// The clock had been behind, so what was revoked then is younger than it says.
    @Test func ofATimeThatTheClockWentThroughTwiceNothingGoes() {
        let to = Self.noon * 1_000
        let jumps = ClockJumps.noted([(to: to, from: to + 7_200_000)])
        #expect(end(redis: Self.life, own: Self.life, jumps) == 0)
        #expect(end(redis: Self.life + 3_600, own: Self.life + 3_600, jumps) == 0)
        #expect(end(redis: Self.life + 7_300, own: Self.life + 7_300, jumps) == 7_300)
    }

    /// Ids carry no time before 2025, and other gateways may tell anything.
    @Test func anyLifeHasAnEnd() {
        let age = RevocationAge(redis: Self.noon, own: Self.noon, jumps: ClockJumps())
        #expect(age.end(ofThoseNeededFor: Self.noon) == 0)
        #expect(age.end(ofThoseNeededFor: .max) == Self.noon - .max)
        #expect(age.end(ofThoseNeededFor: .min) == Self.noon)
    }
}
