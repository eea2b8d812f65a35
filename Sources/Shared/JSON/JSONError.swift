/// Why a text was refused as JSON.
public struct JSONError: Error, Sendable, Equatable {
    /// What is wrong.
    public enum Kind: Sendable, Equatable {
        /// The text breaks the grammar of RFC 8259.
        case syntax
        /// Arrays and objects are nested deeper than allowed.
        case tooDeep
        /// A `\u` escape names half of a surrogate pair (RFC 8259, section 8.2).
        case loneSurrogate
        /// A string holds U+0000, which PostgreSQL can't store.
        case nulCharacter
        /// A string isn't UTF-8 (RFC 8259, section 8.1).
        case invalidUTF8
        /// An object has two members of one name (RFC 8259, section 4).
        case duplicateName
        /// A whole number beyond 64 bits, or any number beyond the range of a double.
        case numberOutOfRange
    }

    /// What is wrong.
    public let kind: Kind
    /// The place in bytes from the start of the text.
    public let offset: Int
    /// The dotted name of the member that was being read, such as `content`, `file.name` or `ids[3]`; nil outside of members. It is
    /// the peer's, so what is beyond 128 bytes is cut off.
    public let field: String?

    private static let maximumField = 128

    /// Makes an error.
    public init(kind: Kind, offset: Int, field: String? = nil) {
        self.kind = kind
        self.offset = offset
        self.field = field.map(Self.cut)
    }

    private static func cut(_ name: String) -> String {
        guard name.utf8.count > maximumField else { return name }
        var size = 0
        return String(
            String.UnicodeScalarView(
                name.unicodeScalars.prefix { scalar in
                    size += UTF8.width(scalar)
                    return size <= maximumField
                }))
    }

    /// The same error, met inside of the member with this name.
    func inside(member name: String) -> JSONError {
        guard let field else { return JSONError(kind: kind, offset: offset, field: name) }
        let separator = field.utf8.first == UInt8(ascii: "[") ? "" : "."
        return JSONError(kind: kind, offset: offset, field: name + separator + field)
    }

    /// The same error, met inside of the array element at this place.
    func inside(element index: Int) -> JSONError {
        inside(member: "[\(index)]")
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence for the author of the text, naming the field.
    public var description: String {
        // A long name would drown the sentence.
        let subject = field.map { "\"\($0.prefix(64))\"" }
        switch kind {
        case .syntax: return "The JSON is malformed at byte \(offset)\(subject.map { ", in \($0)" } ?? "")."
        case .tooDeep: return "\(subject ?? "The JSON") is nested too deeply."
        case .loneSurrogate: return "\(subject ?? "The JSON") holds half of a surrogate pair."
        case .nulCharacter: return "\(subject ?? "The JSON") holds the character U+0000, which isn't allowed."
        case .invalidUTF8: return "\(subject ?? "The JSON") isn't valid UTF-8."
        case .duplicateName: return "\(subject ?? "A member") is given twice."
        case .numberOutOfRange: return "\(subject ?? "A number") is out of range."
        }
    }
}
