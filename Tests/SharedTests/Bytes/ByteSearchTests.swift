import Shared
import Testing

@Suite struct ByteSearchTests {
    @Test(arguments: [
        ("abc", "abc", 0), ("xxabc", "abc", 2), ("aabab", "ab", 1), ("aaab", "aab", 1), ("ab", "abc", nil),
        ("", "a", nil),
        ("abd", "abc", nil), ("abc", "", nil),
    ])
    func findsTheFirst(text: String, wanted: String, place: Int?) {
        // In a slice that doesn't begin at 0.
        let bytes = Array(("??" + text).utf8).dropFirst(2)
        #expect(bytes.first(of: Array(wanted.utf8)) == place.map { $0 + 2..<$0 + 2 + wanted.utf8.count })
    }
}
