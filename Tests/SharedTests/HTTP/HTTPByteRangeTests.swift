import Testing

@testable import Shared

@Suite struct HTTPByteRangeTests {
    @Test(
        arguments: [
            ("bytes=0-9", 0..<10), ("bytes=90-", 90..<100), ("bytes=-5", 95..<100), ("bytes=-500", 0..<100),
            ("bytes=50-5000", 50..<100), ("bytes=99-99", 99..<100), ("BYTES=1-2", 1..<3),
            ("bytes=0-9223372036854775807", 0..<100),
        ] as [(String, Range<Int64>)])
    func aPartIsGiven(header: String, part: Range<Int64>) {
        #expect(HTTPByteRange(header, size: 100) == .part(part))
    }

    @Test(arguments: ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=9223372036854775807-"])
    func whatIsntThereIsRefused(header: String) {
        #expect(HTTPByteRange(header, size: 100) == .unsatisfiable)
    }

    /// RFC 9110, section 14.2: a range that isn't understood is disregarded.
    @Test(arguments: [
        nil, "", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,5-6", "pages=1-2", "bytes=1-2-3",
        "bytes= 1-2", "bytes=99999999999999999999-",
    ])
    func allIsGivenForTheRest(header: String?) {
        #expect(HTTPByteRange(header, size: 100) == .whole)
    }

    @Test func nothingOfNothingCanBeGiven() {
        #expect(HTTPByteRange("bytes=0-", size: 0) == .unsatisfiable)
        #expect(HTTPByteRange("bytes=-1", size: 0) == .unsatisfiable)
        #expect(HTTPByteRange(nil, size: 0) == .whole)
    }
}
