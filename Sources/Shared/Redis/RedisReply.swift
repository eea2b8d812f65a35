/// A reply of Redis (RESP2).
public enum RedisReply: Sendable, Equatable {
    /// A bulk string.
    case string([UInt8])
    /// A simple string such as `OK`.
    case status(String)
    /// An integer.
    case integer(Int64)
    /// An array.
    case array([RedisReply])
    /// The null bulk string or null array.
    case null
    /// An error reply; its first word is the code.
    case error(String)

    /// The bytes of a bulk string.
    public var bytes: [UInt8]? {
        if case .string(let bytes) = self { bytes } else { nil }
    }

    /// A bulk or simple string as text.
    public var text: String? {
        switch self {
        case .string(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    /// An integer, also one that came as a bulk string.
    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .string(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// How many there are of something; nil for what no count can be.
    public var count: Int? {
        integer.flatMap { (0...Int64(Int32.max)).contains($0) ? Int($0) : nil }
    }

    /// The elements of an array.
    public var elements: [RedisReply]? {
        if case .array(let elements) = self { elements } else { nil }
    }
}
