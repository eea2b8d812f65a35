/// A parameter of a query, sent in PostgreSQL's binary form.
public enum PostgresValue: Sendable {
    /// NULL of whatever type the query needs.
    case null
    /// boolean
    case bool(Bool)
    /// bigint
    case integer(Int64)
    /// text
    case text(String)
    /// bytea
    case bytes([UInt8])
    /// uuid
    case uuid(UUID)
    /// timestamptz, in milliseconds since the Unix epoch
    case timestamp(Int64)
    /// uuid[]
    case uuids([UUID])
    /// bigint[]
    case integers([Int64?])
    /// text[]
    case texts([String?])
    /// boolean[]
    case bools([Bool])
    /// timestamptz[], in milliseconds since the Unix epoch
    case timestamps([Int64?])

    /// The number of the type in pg_type; 0 lets the server infer it.
    var type: UInt32 {
        switch self {
        case .null: 0
        case .bool: PostgresType.bool
        case .integer: PostgresType.bigint
        case .text: PostgresType.text
        case .bytes: PostgresType.bytea
        case .uuid: PostgresType.uuid
        case .timestamp: PostgresType.timestamptz
        case .uuids: 2951
        case .integers: 1016
        case .texts: 1009
        case .bools: 1000
        case .timestamps: 1185
        }
    }

    /// The binary form; nil for NULL.
    var encoded: [UInt8]? {
        switch self {
        case .null: nil
        case .bool(let value): [value ? 1 : 0]
        case .integer(let value): Self.bigEndian(value)
        case .text(let value): Array(value.utf8)
        case .bytes(let value): value
        case .uuid(let value): value.bytes
        case .timestamp(let value): Self.bigEndian(PostgresType.microseconds(value))
        case .uuids(let values): Self.array(PostgresType.uuid, values) { $0.bytes }
        case .integers(let values): Self.array(PostgresType.bigint, values) { $0.map(Self.bigEndian) }
        case .texts(let values): Self.array(PostgresType.text, values) { $0.map { Array($0.utf8) } }
        case .bools(let values): Self.array(PostgresType.bool, values) { [$0 ? 1 : 0] }
        case .timestamps(let values):
            Self.array(PostgresType.timestamptz, values) { $0.map { Self.bigEndian(PostgresType.microseconds($0)) } }
        }
    }

    private static func bigEndian<Number: FixedWidthInteger>(_ value: Number) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// An array of one dimension: dimensions, whether NULLs occur, element type, length, lower bound, then the elements.
    private static func array<Element>(
        _ type: UInt32, _ elements: [Element], _ encode: (Element) -> [UInt8]?
    ) -> [UInt8] {
        guard !elements.isEmpty else { return bigEndian(Int32(0)) + bigEndian(Int32(0)) + bigEndian(type) }
        var bytes = bigEndian(Int32(1)) + bigEndian(Int32(1)) + bigEndian(type)
        bytes += bigEndian(Int32(elements.count)) + bigEndian(Int32(1))
        for element in elements {
            guard let encoded = encode(element) else {
                bytes += bigEndian(Int32(-1))
                continue
            }
            bytes += bigEndian(Int32(encoded.count))
            bytes += encoded
        }
        return bytes
    }
}

/// Numbers of types in pg_type, and what their binary forms need.
enum PostgresType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let bigint: UInt32 = 20
    static let text: UInt32 = 25
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let jsonb: UInt32 = 3802

    /// 2000-01-01T00:00:00Z, from which timestamps count, in milliseconds since the Unix epoch.
    private static let epoch: Int64 = 946_684_800_000

    /// A timestamp's binary form from milliseconds since the Unix epoch; what it can't say becomes PostgreSQL's infinity, or the
    /// negative one.
    static func microseconds(_ milliseconds: Int64) -> Int64 {
        let (distance, overflows) = milliseconds.subtractingReportingOverflow(epoch)
        let (value, overflowsToo) = distance.multipliedReportingOverflow(by: 1_000)
        return overflows || overflowsToo ? (milliseconds < 0 ? .min : .max) : value
    }

    /// Milliseconds since the Unix epoch from a timestamp's binary form, rounded down.
    static func milliseconds(_ microseconds: Int64) -> Int64 {
        epoch + CivilDate.floorDivide(microseconds, by: 1_000)
    }
}
