/// The authority of a request: what `Host` and a target in absolute form say (RFC 9110, section 7.2; RFC 3986, section 3.2).
enum HTTPHost {
    /// Whether a text is `host` or `host:port`, where the host may be empty (RFC 9112, section 3.2) and nobody's name and password
    /// stand in front of it (RFC 9110, section 4.2.4).
    static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), isAddress(bytes[1..<end]) else { return false }
            return isPort(bytes[(end + 1)...])
        }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        return isName(bytes[..<colon]) && isPort(bytes[colon...])
    }

    /// `reg-name`: unreserved characters, sub-delimiters and escapes.
    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        var place = bytes.startIndex
        while place < bytes.endIndex {
            switch bytes[place] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: place += 1
            case UInt8(ascii: "%"):
                guard bytes.endIndex - place > 2, Hex.value(of: bytes[place + 1]) != nil,
                    Hex.value(of: bytes[place + 2]) != nil
                else { return false }
                place += 3
            case let byte where "-._~!$&'()*+,;=".utf8.contains(byte): place += 1
            default: return false
            }
        }
        return true
    }

    /// What stands in brackets: an IPv6 address.
    private static func isAddress(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 2 && bytes.contains(UInt8(ascii: ":"))
            && bytes.allSatisfy { Hex.value(of: $0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }

    /// Nothing, or a colon and a port, which may be left out.
    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first else { return true }
        guard first == UInt8(ascii: ":"), bytes.count <= 6 else { return false }
        let digits = bytes.dropFirst()
        guard digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return false }
        return digits.isEmpty || Int(String(decoding: digits, as: UTF8.self)).map { $0 <= 65_535 } == true
    }
}
