import Shared
import Testing

@testable import Persister

@Suite struct ReplayWindowTests {
    @Test func shrinksWhileMemoryIsShortAndGrowsAgain() {
        var window = ReplayWindow(wanted: 600_000)
        window.observe(RedisMemory(used: 69, limit: 100))
        #expect(window.length == 600_000)
        window.observe(RedisMemory(used: 7_000, limit: 10_000))
        #expect(window.length == 300_000)
        for _ in 0..<20 { window.observe(RedisMemory(used: 95, limit: 100)) }
        #expect(window.length == 0)
        // Between the two marks it stays, or it would go back and forth.
        window.observe(RedisMemory(used: 65, limit: 100))
        #expect(window.length == 0)
        window.observe(RedisMemory(used: 10, limit: 100))
        #expect(window.length == 1_000)
        for _ in 0..<20 { window.observe(RedisMemory(used: 10, limit: 100)) }
        #expect(window.length == 600_000)
    }

    @Test func withoutALimitItIsWhatIsWanted() {
        var window = ReplayWindow(wanted: 600_000)
        window.observe(RedisMemory(used: 1 << 40, limit: 0))
        #expect(window.length == 600_000)
        var none = ReplayWindow(wanted: 0)
        none.observe(RedisMemory(used: 1, limit: 100))
        #expect(none.length == 0)
    }
}
