import Testing

@testable import Persister

@Suite struct ReplayWindowTests {
    @Test func shrinksWhileMemoryIsShortAndGrowsAgain() {
        var window = ReplayWindow(wanted: 600_000)
        window.observe(used: 69, of: 100)
        #expect(window.length == 600_000)
        window.observe(used: 7_000, of: 10_000)
        #expect(window.length == 300_000)
        for _ in 0..<20 { window.observe(used: 95, of: 100) }
        #expect(window.length == 0)
        // Between the two marks it stays, or it would go back and forth.
        window.observe(used: 65, of: 100)
        #expect(window.length == 0)
        window.observe(used: 10, of: 100)
        #expect(window.length == 1_000)
        for _ in 0..<20 { window.observe(used: 10, of: 100) }
        #expect(window.length == 600_000)
    }

    @Test func withoutALimitItIsWhatIsWanted() {
        var window = ReplayWindow(wanted: 600_000)
        window.observe(used: 1 << 40, of: 0)
        #expect(window.length == 600_000)
        var none = ReplayWindow(wanted: 0)
        none.observe(used: 1, of: 100)
        #expect(none.length == 0)
    }

    @Test func readsWhatRedisSays() throws {
        let own = try #require(
            ReplayWindow.usage("# Memory\r\nused_memory:12\r\ntotal_system_memory:900\r\nmaxmemory:100\r\n"))
        #expect(own == (12, 100))
        let machine = try #require(ReplayWindow.usage("used_memory:12\r\ntotal_system_memory:900\r\nmaxmemory:0\r\n"))
        #expect(machine == (12, 900))
        #expect(ReplayWindow.usage("nothing") == nil)
    }
}
