/// A UUID as its 16 bytes, written in lower case (RFC 9562, section 4).
public struct UUID: Sendable, Hashable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// Makes a UUID from its two big-endian halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the 36-character text form, in either case; nil for anything else.
    public init?(_ text: some Sequence<UInt8>) {
        var halves: (UInt64, UInt64) = (0, 0)
        var position = 0
        for byte in text {
            switch position {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            case 0..<18:
                guard let digit = Self.digit(byte) else { return nil }
                halves.0 = halves.0 << 4 | digit
            case 18..<36:
                guard let digit = Self.digit(byte) else { return nil }
                halves.1 = halves.1 << 4 | digit
            default: return nil
            }
            position += 1
        }
        guard position == 36 else { return nil }
        self.init(high: halves.0, low: halves.1)
    }

    /// Parses the 36-character text form, in either case; nil for anything else.
    public init?(_ text: some StringProtocol) {
        self.init(text.utf8)
    }

    /// Makes a random UUID (version 4).
    public static func random() -> UUID {
        var generator = SystemRandomNumberGenerator()
        let high: UInt64 = generator.next()
        let low: UInt64 = generator.next()
        return UUID(
            high: high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    }

    /// Makes a UUID from 16 bytes; nil for another count.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 { halves.0 = halves.0 << 8 | UInt64(byte) } else { halves.1 = halves.1 << 8 | UInt64(byte) }
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// The 16 bytes in network order.
    public var bytes: [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(16)
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
        }
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
        }
        return bytes
    }

    /// Appends the text form in lower case.
    public func append(to output: inout [UInt8]) {
        for position in 0..<16 {
            if position == 4 || position == 6 || position == 8 || position == 10 { output.append(UInt8(ascii: "-")) }
            let half = position < 8 ? high : low
            let byte = UInt8(truncatingIfNeeded: half >> UInt64(56 - (position % 8) * 8))
            output.append(Self.digits[Int(byte >> 4)])
            output.append(Self.digits[Int(byte & 15)])
        }
    }

    private static let digits = [UInt8]("0123456789abcdef".utf8)

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case 0x30...0x39: UInt64(byte - 0x30)
        case 0x41...0x46: UInt64(byte - 0x41 + 10)
        case 0x61...0x66: UInt64(byte - 0x61 + 10)
        default: nil
        }
    }
}

extension UUID: CustomStringConvertible {
    /// The text form in lower case.
    public var description: String {
        var text = [UInt8]()
        text.reserveCapacity(36)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

extension UUID: Comparable {
    /// The order of PostgreSQL: byte by byte.
    public static func < (left: UUID, right: UUID) -> Bool { (left.high, left.low) < (right.high, right.low) }
}
