import Testing

@testable import Shared

@Suite struct SHA256StreamTests {
    @Test func piecesAreTheSameAsTheWhole() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        let stream = SHA256Stream()
        for cut in [0, 1, 63, 64, 65, 999, 1_000] {
            stream.append(bytes[..<cut])
            stream.append(bytes[cut...])
            #expect(stream.finish() == SHA256.digest(bytes))
        }
        #expect(stream.finish() == SHA256.digest([]))
    }
}
