/// Checks bytes that arrive in pieces for well-formed UTF-8 (RFC 3629; Unicode 15, table 3-7).
///
/// It fails at the first byte that no continuation can make right.
public struct UTF8Validator: Sendable {
    /// How many continuation bytes the current code point still needs.
    private var missing = 0
    /// The bounds of the next continuation byte: narrower after E0, ED, F0 and F4 (overlong forms, surrogates, too large).
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF
    private var failed = false

    /// Makes a validator that has seen nothing.
    public init() {}

    /// Whether all bytes so far are well-formed and no code point is cut off.
    public var isComplete: Bool { missing == 0 && !failed }

    /// Takes more bytes; false when the text can't be UTF-8 any more, for good.
    public mutating func append(_ bytes: some Sequence<UInt8>) -> Bool {
        let done: Bool? = bytes.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
        if let done { return done }
        for byte in bytes where !step(byte) { return false }
        return !failed
    }

    /// Takes more bytes, eight at a time where they are ASCII; false when the text can't be UTF-8 any more, for good.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !failed else { return false }
        var position = 0
        let count = bytes.count
        while position < count {
            if missing == 0 {
                while position &+ 8 <= count,
                    bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    position &+= 8
                }
                guard position < count else { break }
            }
            guard step(bytes[position]) else { return false }
            position &+= 1
        }
        return true
    }

    /// Whether these bytes are a whole well-formed text.
    public static func isValid(_ bytes: some Sequence<UInt8>) -> Bool {
        var validator = UTF8Validator()
        return validator.append(bytes) && validator.isComplete
    }

    /// Whether these bytes are a whole well-formed text.
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var validator = UTF8Validator()
        return validator.append(bytes) && validator.isComplete
    }

    private mutating func step(_ byte: UInt8) -> Bool {
        if missing > 0 {
            guard byte >= low, byte <= high else { return fail() }
            missing &-= 1
            low = 0x80
            high = 0xBF
            return true
        }
        switch byte {
        case 0..<0x80: return !failed
        case 0xC2...0xDF: missing = 1
        case 0xE0: expect(2, low: 0xA0)
        case 0xED: expect(2, high: 0x9F)
        case 0xE1...0xEF: missing = 2
        case 0xF0: expect(3, low: 0x90)
        case 0xF4: expect(3, high: 0x8F)
        case 0xF1...0xF3: missing = 3
        default: return fail()
        }
        return !failed
    }

    private mutating func expect(_ count: Int, low: UInt8 = 0x80, high: UInt8 = 0xBF) {
        missing = count
        self.low = low
        self.high = high
    }

    private mutating func fail() -> Bool {
        failed = true
        return false
    }
}
