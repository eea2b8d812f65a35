/// The value of a field with parameters, such as `form-data; name="file"; filename="a.png"` (RFC 9110, section 5.6.6).
public struct HeaderParameters: Sendable, Equatable {
    /// What stands before the first semicolon, in lower case.
    public let value: String
    private var parameters: [(name: String, value: String)] = []

    /// So many parameters are taken: each is compared with those before it.
    private static let maximumCount = 16

    /// Reads a field's value; nil where it is malformed, names a parameter twice, or has more than 16 of them.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        value = Self.trimmed(Self.take(&rest) { $0 != UInt8(ascii: ";") }).lowercased()
        guard !value.isEmpty else { return nil }
        while rest.popFirst() != nil {
            let name = Self.trimmed(Self.take(&rest) { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") })
                .lowercased()
            if name.isEmpty, rest.isEmpty || rest.first == UInt8(ascii: ";") { continue }
            guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="), let value = Self.takeValue(&rest),
                first(name) == nil, parameters.count < Self.maximumCount
            else { return nil }
            parameters.append((name, value))
        }
    }

    /// Compares value and parameters, in their order.
    public static func == (left: HeaderParameters, right: HeaderParameters) -> Bool {
        left.value == right.value && left.parameters.elementsEqual(right.parameters, by: ==)
    }

    /// The parameter of this name, which is written in lower case here.
    public func first(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The parameter `name*`, which says its encoding (RFC 8187): `UTF-8''%c3%9cbersicht.pdf`. Nil where it isn't there, or
    /// isn't UTF-8.
    public func extended(_ name: String) -> String? {
        let parts = first(name + "*")?.split(separator: "'", omittingEmptySubsequences: false) ?? []
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        return PercentEncoding.decode(parts[2])
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, while holds: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = rest.prefix(while: holds)
        rest = rest.dropFirst(taken.count)
        return taken
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let start = bytes.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start.startIndex
        return String(decoding: start[..<end], as: UTF8.self)
    }

    /// Takes a word or a quoted text, up to the semicolon behind it.
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> String? {
        _ = take(&rest, while: isBlank)
        guard rest.first == UInt8(ascii: "\"") else {
            let word = trimmed(take(&rest) { $0 != UInt8(ascii: ";") })
            return word.utf8.contains(UInt8(ascii: "\"")) ? nil : word
        }
        rest.removeFirst()
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                _ = take(&rest, while: isBlank)
                return rest.isEmpty || rest.first == UInt8(ascii: ";") ? String(decoding: bytes, as: UTF8.self) : nil
            // Browsers write backslashes of names as they are, so only what needs one is taken to be escaped.
            case UInt8(ascii: "\\") where rest.first == UInt8(ascii: "\"") || rest.first == UInt8(ascii: "\\"):
                bytes.append(rest.removeFirst())
            default: bytes.append(byte)
            }
        }
        return nil
    }
}
