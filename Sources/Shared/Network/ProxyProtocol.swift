/// The header by which a balancer tells whose connection it passes on (HAProxy's PROXY protocol, versions 1 and 2).
public enum ProxyProtocol {
    /// What the first bytes of a connection are.
    public enum Step: Equatable {
        /// It may become a header.
        case needMore
        /// There is no header.
        case notProxy
        /// It begins like a header and isn't one.
        case malformed
        /// A header of so many bytes; `source` is nil where the balancer speaks for itself or doesn't know.
        case header(consumed: Int, source: SocketAddress?)
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let textPrefix = Array("PROXY ".utf8)
    /// Version 1, section 2.1: the longest line with its CRLF.
    private static let longestText = 107
    /// Version 2: what follows the fixed part, with room for the balancer's own additions.
    private static let longestBinary = 4_096

    /// Looks at the first bytes of a connection.
    public static func parse(_ bytes: ArraySlice<UInt8>) -> Step {
        if let step = beginning(bytes, signature) {
            return step == .header(consumed: 0, source: nil) ? binary(bytes) : step
        }
        if let step = beginning(bytes, textPrefix) {
            return step == .header(consumed: 0, source: nil) ? text(bytes) : step
        }
        return .notProxy
    }

    /// Nil where the bytes don't begin like this, an empty header where they do, `needMore` in between.
    private static func beginning(_ bytes: ArraySlice<UInt8>, _ expected: [UInt8]) -> Step? {
        guard bytes.prefix(expected.count).elementsEqual(expected.prefix(bytes.count)) else { return nil }
        return bytes.count < expected.count ? .needMore : .header(consumed: 0, source: nil)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> Step {
        guard let end = bytes.prefix(longestText).firstIndex(of: 0x0A) else {
            return bytes.count < longestText ? .needMore : .malformed
        }
        guard bytes[end - 1] == 0x0D else { return .malformed }
        let consumed = end + 1 - bytes.startIndex
        let words = String(decoding: bytes[bytes.startIndex..<end - 1], as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: false)
        if words.count >= 2, words[1] == "UNKNOWN" { return .header(consumed: consumed, source: nil) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6",
            let source = address(words[2], words[4]), let destination = address(words[3], words[5]),
            source.isIPv6 == (words[1] == "TCP6"), destination.isIPv6 == source.isIPv6
        else { return .malformed }
        return .header(consumed: consumed, source: source)
    }

    /// An address of the text form; its port has digits only and no leading zero, which `UInt16` alone would allow.
    private static func address(_ host: Substring, _ port: Substring) -> SocketAddress? {
        guard let number = UInt16(port), String(number) == port else { return nil }
        return SocketAddress(literal: String(host), port: number)
    }

    private static func binary(_ bytes: ArraySlice<UInt8>) -> Step {
        let bytes = Array(bytes)
        guard bytes.count >= 16 else { return .needMore }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, bytes[12] & 0x0F <= 1, length <= longestBinary else { return .malformed }
        guard bytes.count >= 16 + length else { return .needMore }
        let consumed = 16 + length
        // LOCAL: the balancer's own health check.
        if bytes[12] & 0x0F == 0 { return .header(consumed: consumed, source: nil) }
        switch bytes[13] >> 4 {
        case 0, 3: return .header(consumed: consumed, source: nil)
        case 1:
            guard length >= 12 else { return .malformed }
            let host = bytes[16..<20].map(String.init).joined(separator: ".")
            return header(consumed, host, bytes[24], bytes[25])
        case 2:
            guard length >= 36 else { return .malformed }
            let groups = stride(from: 16, to: 32, by: 2).map {
                String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16)
            }
            return header(consumed, groups.joined(separator: ":"), bytes[48], bytes[49])
        default: return .malformed
        }
    }

    private static func header(_ consumed: Int, _ host: String, _ high: UInt8, _ low: UInt8) -> Step {
        guard let source = SocketAddress(literal: host, port: UInt16(high) << 8 | UInt16(low)) else {
            return .malformed
        }
        return .header(consumed: consumed, source: source)
    }
}
