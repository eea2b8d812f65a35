/// The name of a process, as it stands in keys and logs.
enum NodeName {
    static let allowed = "1 to 64 of a-z, 0-9 and -"

    /// The name itself; nil when it isn't one.
    static func parse(_ text: String) -> String? {
        let isName = text.utf8.allSatisfy { byte in
            byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") || byte >= 0x30 && byte <= 0x39
                || byte == UInt8(ascii: "-")
        }
        return isName && (1...64).contains(text.utf8.count) ? text : nil
    }
}
