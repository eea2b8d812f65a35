import Testing

@testable import Shared

@Suite struct ConfigurationTableTests {
    /// The README's table is what the programs read. On failure: put the text in the message between the two markers.
    @Test func theReadmeListsEverySetting() throws {
        let path = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let readme = String(decoding: try #require(Process.readFile("/\(path)/README.md")), as: UTF8.self)
        let begin = try #require(readme.firstRange(of: "<!-- configuration -->\n"))
        let end = try #require(readme.firstRange(of: "<!-- /configuration -->"))
        let expected = "\n" + ConfigHelp.markdownTable(groups: SettingsRegistry.groups) + "\n"
        let found = String(readme[begin.upperBound..<end.lowerBound])
        #expect(found == expected, "expected:\(expected)")
    }
}
