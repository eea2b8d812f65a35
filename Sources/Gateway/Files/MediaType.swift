internal import Shared

/// The type of a file (RFC 9110, section 8.3.1): what its content shows, or else what its uploader tells; browsers are told not to
/// guess another.
enum MediaType {
    static let unknown = "application/octet-stream"
    /// Pictures that a browser may show by themselves: none of them can hold a script.
    private static let pictures: Set<String> = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"]

    /// `type/subtype` of a header's value in lower case, without parameters; nil where it is malformed.
    static func parse(_ header: String) -> String? {
        let type = header.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        let parts = type.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, type.utf8.count <= 127, parts.allSatisfy(isRestrictedName) else { return nil }
        return type
    }

    /// The type of a file of which its uploader tells one, and its content shows another, or none. What is said to be a picture and
    /// isn't one is shown to nobody.
    static func settled(_ told: String, _ kind: ContentKind?) -> String {
        if let kind { return kind.permits(told) ? told : kind.rawValue }
        return isPicture(told) ? unknown : told
    }

    /// Whether a file of this type is a picture.
    static func isPicture(_ type: String) -> Bool { pictures.contains(type) }

    /// RFC 6838, section 4.2.
    private static func isRestrictedName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first) else { return false }
        return text.utf8.allSatisfy { isLetterOrDigit($0) || "!#$&-^_.+".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
