import Testing

@testable import Shared

@Suite struct RateLimitTests {
    @Test func ratesWithABurst() {
        #expect(RateLimit.parse("20/s:100") == RateLimit(interval: 50, burst: 100))
        #expect(RateLimit.parse("6/m:2") == RateLimit(interval: 10_000, burst: 2))
        #expect(RateLimit.parse("1/h:1") == RateLimit(interval: 3_600_000, burst: 1))
    }

    @Test(arguments: ["", "20", "20/s", "20/s:", "/s:1", "0/s:1", "1/s:0", "1/d:1", "-1/s:1", "1/s:1:1", "1.5/s:2"])
    func whatIsNoRate(text: String) {
        #expect(RateLimit.parse(text) == nil)
    }
}
