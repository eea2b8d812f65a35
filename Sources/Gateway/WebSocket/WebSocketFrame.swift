/// The operation codes of frames (RFC 6455, section 5.2); 3 to 7 and 11 to 15 are reserved.
enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue & 8 != 0 }
}

/// Where the bytes of a message are.
enum WebSocketPayload: Sendable, Equatable {
    /// Unmasked in the buffer that was given; valid until that buffer changes.
    case inPlace(Range<Int>)
    /// Put together from several frames or several reads.
    case assembled([UInt8])
}

/// A whole message.
struct WebSocketMessage: Sendable, Equatable {
    var payload: WebSocketPayload
    var isText: Bool
}

/// The head of a client's frame (RFC 6455, section 5.2), checked as far as it can be without its surroundings.
struct WebSocketFrameHead {
    /// Payloads of control frames end here (section 5.5).
    static let maximumControlPayload = 125

    var opcode: WebSocketOpcode
    var isFinal: Bool
    /// RSV1, which permessage-deflate gives its meaning (RFC 7692, section 6).
    var isCompressed: Bool
    var payloadCount: Int
    /// The masking key; the first byte of the payload meets its lowest byte.
    var key: UInt32
    /// The bytes before the payload: 6, 8 or 14.
    var byteCount: Int

    enum Parsed {
        case head(WebSocketFrameHead)
        case needMore
        case failure(String)
    }

    /// Reads a head from the start of `bytes`; what is wrong in the first two bytes is told before the others are there.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard bytes.count >= 2 else { return .needMore }
        let first = bytes[0]
        let second = bytes[1]
        guard first & 0x30 == 0 else { return .failure("A reserved bit is set that no extension uses.") }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else { return .failure("The opcode is reserved.") }
        guard second & 0x80 != 0 else { return .failure("Frames of a client must be masked.") }
        let isFinal = first & 0x80 != 0
        let isCompressed = first & 0x40 != 0
        var count = Int(second & 0x7F)
        if opcode.isControl {
            guard isFinal else { return .failure("A control frame must not be fragmented.") }
            guard count <= maximumControlPayload else { return .failure("A control frame is too long.") }
            guard !isCompressed else { return .failure("A control frame is never compressed.") }
        }
        var keyOffset = 2
        if count == 126 {
            guard bytes.count >= 4 else { return .needMore }
            count = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard count >= 126 else { return .failure("The length is not written in the shortest form.") }
            keyOffset = 4
        } else if count == 127 {
            guard bytes.count >= 10 else { return .needMore }
            let length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            guard length <= UInt64(Int64.max) else { return .failure("The top bit of the length is set.") }
            guard length > UInt64(UInt16.max) else {
                return .failure("The length is not written in the shortest form.")
            }
            count = Int(length)
            keyOffset = 10
        }
        guard bytes.count >= keyOffset + 4 else { return .needMore }
        let key = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: keyOffset, as: UInt32.self))
        return .head(
            WebSocketFrameHead(
                opcode: opcode, isFinal: isFinal, isCompressed: isCompressed, payloadCount: count, key: key,
                byteCount: keyOffset + 4))
    }
}

/// The masking of section 5.3, which is its own inverse.
enum WebSocketMask {
    /// Masks or unmasks bytes in place, eight at a time; returns the key as the byte after them meets it.
    static func apply(_ key: UInt32, to bytes: UnsafeMutableRawBufferPointer) -> UInt32 {
        let wide = (UInt64(key) | UInt64(key) << 32).littleEndian
        let count = bytes.count
        var position = 0
        while position &+ 8 <= count {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            bytes.storeBytes(of: word ^ wide, toByteOffset: position, as: UInt64.self)
            position &+= 8
        }
        var rest = key
        while position < count {
            bytes[position] ^= UInt8(truncatingIfNeeded: rest)
            rest = rest >> 8 | rest << 24
            position &+= 1
        }
        return rest
    }
}
