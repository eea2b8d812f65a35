/// Writes JSON (RFC 8259) without white space.
public enum JSONWriter {
    /// Appends a value; a number that isn't finite becomes `null`, as in JavaScript.
    public static func append(_ value: JSON, to output: inout [UInt8]) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .integer(let value): Decimal.append(value, to: &output)
        case .number(let value):
            // Swift describes a double by the shortest text that reads back as the same value.
            output.append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
        case .string(let text): appendString(text, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                append(element, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                appendString(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                append(member.value, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// The bytes of a value.
    public static func bytes(_ value: JSON) -> [UInt8] {
        var output: [UInt8] = []
        append(value, to: &output)
        return output
    }

    /// Appends a string in quotation marks.
    ///
    /// Escaped are what RFC 8259, section 7 demands, and U+2028 and U+2029, which end a line in older JavaScript.
    public static func appendString(_ text: String, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { appendString(utf8: $0, to: &output) }
    }

    /// Appends a string in quotation marks, escaped as ``appendString(_:to:)-(String,_)`` does.
    public static func appendString(_ text: some StringProtocol, to output: inout [UInt8]) {
        appendString(String(text), to: &output)
    }

    private static func appendString(utf8 bytes: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var clean = 0
        var position = 0
        while position < bytes.count {
            let length = escapedLength(bytes, position)
            if length > 0 {
                output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean..<position]))
                appendEscape(bytes, position, to: &output)
                clean = position + length
            }
            position += max(length, 1)
        }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean...]))
        output.append(UInt8(ascii: "\""))
    }

    /// How many bytes from here on need an escape: 0 for most, 3 for a line or paragraph separator.
    private static func escapedLength(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
        switch bytes[position] {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): 1
        case 0xE2:
            position + 2 < bytes.count && bytes[position + 1] == 0x80 && bytes[position + 2] & 0xFE == 0xA8 ? 3 : 0
        default: 0
        }
    }

    private static func appendEscape(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int, to output: inout [UInt8]) {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(contentsOf: [UInt8(ascii: "\\"), byte])
        case 0x08: output.append(contentsOf: #"\b"#.utf8)
        case 0x09: output.append(contentsOf: #"\t"#.utf8)
        case 0x0A: output.append(contentsOf: #"\n"#.utf8)
        case 0x0C: output.append(contentsOf: #"\f"#.utf8)
        case 0x0D: output.append(contentsOf: #"\r"#.utf8)
        case 0xE2: output.append(contentsOf: bytes[position + 2] == 0xA8 ? #"\u2028"#.utf8 : #"\u2029"#.utf8)
        default:
            output.append(contentsOf: #"\u00"#.utf8)
            output.append(Hex.digit(byte >> 4))
            output.append(Hex.digit(byte & 15))
        }
    }
}
