@testable import Shared

/// JSON: what was read and written again reads as the same.
enum JSONTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        guard let value = try? JSONParser.parse(input) else { return }
        let written = JSONWriter.bytes(value)
        expect((try? JSONParser.parse(written)) == value, "what was written doesn't read as what was read")
        expect(!written.contains(0), "U+0000 came through")
    }
}
