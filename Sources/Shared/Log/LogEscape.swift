/// Makes texts from outside harmless in a log line: they can't end the line, end their field or begin another, nor
/// steer the terminal of who reads it.
enum LogEscape {
    /// What a value may take in UTF-8 before escaping; a longer one is cut and gets an ellipsis.
    static let maximumValueBytes = 1024

    /// Appends a text as a logfmt value: bare when nothing in it needs quotes.
    static func appendLogfmt(_ text: String, to output: inout [UInt8]) {
        let isBare =
            !text.utf8.isEmpty && isPlain(text) && !text.utf8.contains { $0 == 0x20 || $0 == UInt8(ascii: "=") }
        if isBare { output.append(contentsOf: text.utf8) } else { appendQuoted(text, to: &output) }
    }

    /// Appends a text in quotes, with JSON's escapes (RFC 8259, section 7), which logfmt readers know as well.
    static func appendQuoted(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        if isPlain(text) { output.append(contentsOf: text.utf8) } else { appendEscaped(text, to: &output) }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscaped(_ text: String, to output: inout [UInt8]) {
        var size = 0
        for scalar in text.unicodeScalars {
            size += UTF8.width(scalar)
            guard size <= maximumValueBytes else { return output.append(contentsOf: "…".utf8) }
            append(scalar, to: &output)
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        switch scalar {
        case "\"", "\\":
            output.append(UInt8(ascii: "\\"))
            output.append(UInt8(truncatingIfNeeded: scalar.value))
        case "\n": output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
        case "\r": output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
        case "\t": output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
        case _ where isDeceptive(scalar.value):
            output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
            for shift in stride(from: 12, through: 0, by: -4) {
                let digit = UInt8(scalar.value >> UInt32(shift) & 15)
                output.append(digit < 10 ? 0x30 + digit : 0x61 + digit - 10)
            }
        default: output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    /// Control characters of ASCII and Latin-1 (terminals obey both), the line and paragraph separators, and the marks
    /// that turn the direction of writing. All are below U+10000, so four digits do.
    private static func isDeceptive(_ value: UInt32) -> Bool {
        switch value {
        case 0...0x1F, 0x7F...0x9F, 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Whether a text is short printable ASCII without quote and backslash, as nearly all values are.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.count <= maximumValueBytes
            && text.utf8.allSatisfy { byte in
                byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
            }
    }
}
