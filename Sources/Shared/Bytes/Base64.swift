/// Base64 (RFC 4648): the standard alphabet with padding (section 4), the URL alphabet without (section 5).
///
/// Decoding is strict: no white space, no stray bits, padding exactly as the encoder writes it.
public enum Base64 {
    private static let standard = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let url = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let standardValues = values(of: standard)
    private static let urlValues = values(of: url)
    private static let none: UInt8 = 0xFF

    /// Writes the standard alphabet with padding.
    public static func encode(_ bytes: [UInt8]) -> String { encode(bytes, standard, pads: true) }

    /// Writes the URL alphabet without padding.
    public static func encodeURL(_ bytes: [UInt8]) -> String { encode(bytes, url, pads: false) }

    /// Reads the standard alphabet with padding; nil for anything that `encode` wouldn't have written.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var digits = Array(text)
        for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        return text.count - digits.count == (4 - digits.count % 4) % 4 ? decode(digits, standardValues) : nil
    }

    /// Reads the URL alphabet without padding; nil for anything that `encodeURL` wouldn't have written.
    public static func decodeURL(_ text: some Collection<UInt8>) -> [UInt8]? { decode(Array(text), urlValues) }

    private static func encode(_ bytes: [UInt8], _ alphabet: [UInt8], pads: Bool) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(buffer >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(buffer << UInt32(6 - bits) & 63)]) }
        while pads && text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decode(_ digits: [UInt8], _ values: [UInt8]) -> [UInt8]? {
        guard digits.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var buffer: UInt32 = 0
        var bits = 0
        for digit in digits {
            let value = values[Int(digit)]
            guard value != none else { return nil }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        // Bits that no byte took must be zero, else two texts would mean the same bytes.
        return buffer & (1 << UInt32(bits) - 1) == 0 ? bytes : nil
    }

    private static func values(of alphabet: [UInt8]) -> [UInt8] {
        var values = [UInt8](repeating: none, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }
}
