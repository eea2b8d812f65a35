/// An element of an XML document, as far as S3's answers need it: names, text, children. Attributes and comments are
/// passed over; documents with a type of their own, whose entities could grow without end, are refused.
struct XMLElement: Equatable {
    /// Elements may be so deep in one another.
    private static let maximumDepth = 16

    let name: String
    /// The text between its tags, but not that of its children.
    var text = ""
    var children: [XMLElement] = []

    /// Reads a document, which may begin with white space: S3 sends some to keep a connection alive. nil where it is
    /// malformed.
    static func parse(_ bytes: [UInt8]) -> XMLElement? {
        var reader = Reader(bytes: bytes)
        return reader.document()
    }

    /// The first child of a name.
    func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func document() -> XMLElement? {
            // What comes before the root element, and after it.
            while skipWhiteSpace(), skip("<?") || skip("<!--") { guard skipBehind("?>", or: "-->") else { return nil } }
            guard skip("<"), let root = element(depth: 0) else { return nil }
            while skipWhiteSpace(), skip("<!--") { guard skipBehind("-->", or: "-->") else { return nil } }
            return position == bytes.count ? root : nil
        }

        /// An element, behind its first `<`.
        private mutating func element(depth: Int) -> XMLElement? {
            guard depth < XMLElement.maximumDepth, let (name, isEmpty) = openingTag() else { return nil }
            var element = XMLElement(name: name)
            if isEmpty { return element }
            while true {
                guard let text = text() else { return nil }
                element.text += text
                if skip("</") { return skip(name) && skipWhiteSpace() && skip(">") ? element : nil }
                if skip("<!--") {
                    guard skipBehind("-->", or: "-->") else { return nil }
                } else {
                    guard skip("<"), let child = self.element(depth: depth + 1) else { return nil }
                    element.children.append(child)
                }
            }
        }

        private mutating func openingTag() -> (name: String, isEmpty: Bool)? {
            let start = position
            while position < bytes.count, !" \t\r\n/><!&".utf8.contains(bytes[position]) { position += 1 }
            guard position > start, let name = String(validating: bytes[start..<position], as: UTF8.self) else {
                return nil
            }
            // Attributes, whose values may hold anything but their quotation mark.
            var quote: UInt8?
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if let open = quote {
                    if byte == open { quote = nil }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    quote = byte
                } else if byte == UInt8(ascii: ">") {
                    return (name, bytes[position - 2] == UInt8(ascii: "/"))
                }
            }
            return nil
        }

        private mutating func text() -> String? {
            let start = position
            while position < bytes.count, bytes[position] != UInt8(ascii: "<") { position += 1 }
            guard position < bytes.count, let raw = String(validating: bytes[start..<position], as: UTF8.self) else {
                return nil
            }
            return XMLElement.unescaped(raw)
        }

        private mutating func skip(_ text: String) -> Bool {
            guard bytes[position...].starts(with: text.utf8) else { return false }
            position += text.utf8.count
            return true
        }

        /// Always true, so that it can stand in a condition.
        private mutating func skipWhiteSpace() -> Bool {
            while position < bytes.count, " \t\r\n".utf8.contains(bytes[position]) { position += 1 }
            return true
        }

        private mutating func skipBehind(_ end: String, or other: String) -> Bool {
            while position < bytes.count {
                if skip(end) || skip(other) { return true }
                position += 1
            }
            return false
        }
    }

    private static let entities: [Substring: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'",
    ]

    private static func unescaped(_ raw: String) -> String? {
        guard raw.contains("&") else { return raw }
        var parts = raw.split(separator: "&", omittingEmptySubsequences: false)
        var text = String(parts.removeFirst())
        for part in parts {
            guard let end = part.firstIndex(of: ";"), let character = character(part[..<end]) else { return nil }
            text += character + part[part.index(after: end)...]
        }
        return text
    }

    private static func character(_ entity: Substring) -> String? {
        if let known = entities[entity] { return known }
        guard entity.hasPrefix("#") else { return nil }
        let digits = entity.dropFirst()
        let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }

    /// Text as it has to stand between tags.
    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
