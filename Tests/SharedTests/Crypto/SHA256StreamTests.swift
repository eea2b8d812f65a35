import Testing

@testable import Shared

@Suite struct SHA256StreamTests {
    @Test func piecesAreTheSameAsTheWhole() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        let stream = SHA256Stream()
        for cut in [0, 1, 63, 64, 65, 999, 1_000] {
            stream.append(Array(bytes[..<cut]))
            stream.append(Array(bytes[cut...]))
            #expect(stream.finish() == SHA256.digest(bytes))
        }
        #expect(stream.finish() == SHA256.digest([]))
    }

    /// FIPS 180-2, appendix B.2, in pieces of every size.
    @Test func aDigestOfPiecesIsThatOfAll() {
        let text = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        let stream = SHA256Stream()
        for size in 1...text.count {
            for start in stride(from: 0, to: text.count, by: size) {
                stream.append(Array(text[start..<min(start + size, text.count)]))
            }
            let expected = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            #expect(Hex.encode(stream.finish()) == expected)
        }
    }
}
