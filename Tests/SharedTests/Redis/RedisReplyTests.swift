import Testing

@testable import Shared

@Suite struct RedisReplyTests {
    @Test func aCountIsNeitherNegativeNorAbsurd() {
        #expect(RedisReply.integer(0).count == 0 && RedisReply.string(Array("7".utf8)).count == 7)
        #expect(RedisReply.integer(Int64(Int32.max)).count == Int(Int32.max))
        for reply in [RedisReply.integer(-1), .integer(.min), .integer(.max), .integer(1 << 31), .null, .array([])] {
            #expect(reply.count == nil)
        }
    }
}
