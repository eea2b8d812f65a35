import Testing

@testable import Shared

@Suite struct PostgresValueTests {
    /// PostgreSQL's own largest and smallest number of microseconds mean infinity.
    @Test func momentsThatCannotBeSaidAreInfinite() {
        #expect(PostgresType.microseconds(946_684_800_001) == 1_000)
        for (milliseconds, sign) in [(Int64.max, 1), (.max - 1, 1), (.min, -1), (.min + 1, -1), (1 << 60, 1)] {
            #expect(PostgresType.microseconds(milliseconds) == (sign > 0 ? .max : .min), "\(milliseconds)")
        }
    }
}
