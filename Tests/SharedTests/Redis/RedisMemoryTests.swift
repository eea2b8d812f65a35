import Testing

@testable import Shared

@Suite struct RedisMemoryTests {
    @Test func whatRedisSaysIsRead() {
        let own = RedisMemory(info: "# Memory\r\nused_memory:12\r\ntotal_system_memory:900\r\nmaxmemory:100\r\n")
        #expect(own == RedisMemory(used: 12, limit: 100))
        let machine = RedisMemory(info: "used_memory:12\r\ntotal_system_memory:900\r\nmaxmemory:0\r\n")
        #expect(machine == RedisMemory(used: 12, limit: 900))
        #expect(RedisMemory(info: "nothing") == nil)
    }

    @Test(arguments: [(950, false), (951, true), (5_000, true), (0, false)])
    func aTwentiethIsKeptForWhatHasToGoOn(used: Int64, isShort: Bool) {
        #expect(RedisMemory(used: used, limit: 1_000).isShort == isShort)
        #expect(!RedisMemory(used: used, limit: 0).isShort)
    }
}
