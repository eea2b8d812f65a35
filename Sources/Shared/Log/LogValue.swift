/// The value of a log field.
public enum LogValue: Sendable, Equatable {
    /// A text, from wherever; it is escaped and cut when it is written.
    case string(String)
    /// Bytes that should be UTF-8; what isn't becomes U+FFFD.
    case bytes([UInt8])
    /// A whole number.
    case integer(Int64)
    /// A number with a fraction.
    case double(Double)
    /// True or false.
    case bool(Bool)
    /// A UUID.
    case uuid(UUID)

    /// A whole number of any type; one beyond 64 bits with sign becomes the nearest.
    public static func number(_ value: some BinaryInteger) -> LogValue { .integer(Int64(clamping: value)) }

    /// An error's description.
    public static func describing(_ error: any Error) -> LogValue { .string(String(describing: error)) }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral
{
    /// A constant text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A constant whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A constant number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// A constant truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
}
