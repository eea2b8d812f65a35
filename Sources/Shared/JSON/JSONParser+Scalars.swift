extension JSONReader {
    /// Reads a string from its opening quotation mark (RFC 8259, section 7).
    mutating func readString() throws(JSONError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = try decode(start..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try readEscapedString(from: start)
            case 0: throw error(.nulCharacter)
            case 1..<0x20: throw error(.syntax)
            default: position += 1
            }
        }
        throw error(.syntax)
    }

    /// Goes on with a string in whose middle an escape was found.
    private mutating func readEscapedString(from start: Int) throws(JSONError) -> String {
        var unescaped = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: unescaped, as: UTF8.self) else {
                    throw error(.invalidUTF8, at: start)
                }
                return text
            case UInt8(ascii: "\\"): try readEscape(into: &unescaped)
            case 0: throw error(.nulCharacter)
            case 1..<0x20: throw error(.syntax)
            default:
                unescaped.append(byte)
                position += 1
            }
        }
        throw error(.syntax)
    }

    private mutating func readEscape(into output: inout [UInt8]) throws(JSONError) {
        let start = position
        position += 1
        let letter = next
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(bytes[start + 1])
        case UInt8(ascii: "b"): output.append(0x08)
        case UInt8(ascii: "f"): output.append(0x0C)
        case UInt8(ascii: "n"): output.append(0x0A)
        case UInt8(ascii: "r"): output.append(0x0D)
        case UInt8(ascii: "t"): output.append(0x09)
        case UInt8(ascii: "u"): output.append(contentsOf: String(Character(try readCodePoint(from: start))).utf8)
        default: throw error(.syntax, at: start)
        }
    }

    /// Reads the digits of `\uXXXX`, and the second half where they are the first of a surrogate pair.
    private mutating func readCodePoint(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let unit = try readFourDigits()
        guard unit != 0 else { throw error(.nulCharacter, at: start) }
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, skipIfNext(UInt8(ascii: "\\")), skipIfNext(UInt8(ascii: "u")) else {
            throw error(.loneSurrogate, at: start)
        }
        let low = try readFourDigits()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + low - 0xDC00)
        else { throw error(.loneSurrogate, at: start) }
        return scalar
    }

    private mutating func readFourDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Hex.value(of: byte) else { throw error(.syntax) }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private func decode(_ range: Range<Int>) throws(JSONError) -> String {
        guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw error(.invalidUTF8, at: range.lowerBound)
        }
        return text
    }

    /// Reads a number (RFC 8259, section 6).
    mutating func readNumber() throws(JSONError) -> JSON {
        let start = position
        _ = skipIfNext(UInt8(ascii: "-"))
        if !skipIfNext(UInt8(ascii: "0")) { try skipDigits() }
        var isWhole = true
        if skipIfNext(UInt8(ascii: ".")) {
            isWhole = false
            try skipDigits()
        }
        if skipIfNext(UInt8(ascii: "e")) || skipIfNext(UInt8(ascii: "E")) {
            isWhole = false
            if !skipIfNext(UInt8(ascii: "+")) { _ = skipIfNext(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Rounding a whole number silently would change an id, so what doesn't fit is refused.
        if isWhole {
            guard let value = Int64(text) else { throw error(.numberOutOfRange, at: start) }
            return .integer(value)
        }
        guard let value = Double(text), value.isFinite else { throw error(.numberOutOfRange, at: start) }
        return .number(value)
    }

    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while let byte = next, byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position > start else { throw error(.syntax) }
    }
}
