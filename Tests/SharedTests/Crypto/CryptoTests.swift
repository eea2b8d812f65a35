import Testing

@testable import Shared

@Suite struct CryptoTests {
    /// RFC 4231, test cases 1 and 6: a short key, and one longer than a block.
    @Test func hmacOfTheStandard() {
        let cases: [([UInt8], String, String)] = [
            (
                Array(repeating: 0x0B, count: 20), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ]
        for (key, message, expected) in cases {
            #expect(Hex.encode(HMACSHA256.digest(key: key, message.utf8)) == expected)
        }
        #expect(HMACSHA256.digest(key: [], []).count == 32)
    }

    @Test func comparison() {
        #expect(ConstantTime.equal([], []) && ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]) && !ConstantTime.equal([1, 2], [1]))
        #expect(!ConstantTime.equal([], [0]))
    }

    @Test func randomBytes() {
        #expect(SecureRandom.bytes(0).isEmpty && SecureRandom.bytes(33).count == 33)
        #expect(Set((0..<100).map { _ in SecureRandom.bytes(16) }).count == 100)
    }
}
