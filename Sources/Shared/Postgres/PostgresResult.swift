/// What a query returned.
public struct PostgresResult: Sendable {
    /// The rows, in their order.
    public let rows: [PostgresRow]
    /// How many rows an INSERT, UPDATE or DELETE touched.
    public let affectedRows: Int
}

/// One row; values are read by column, counted from 0. A value of another type than the one asked for is nil, as NULL is.
public struct PostgresRow: Sendable {
    let types: [UInt32]
    let values: [[UInt8]?]

    /// Whether the value is NULL.
    public func isNull(_ column: Int) -> Bool { values[column] == nil }

    /// A uuid.
    public func uuid(_ column: Int) -> UUID? {
        types[column] == PostgresType.uuid ? values[column].flatMap { UUID(bytes: $0) } : nil
    }

    /// A smallint, integer or bigint.
    public func integer(_ column: Int) -> Int64? {
        guard [20, 21, 23].contains(types[column]), let bytes = values[column] else { return nil }
        return Self.integer(bytes)
    }

    /// Text of any text type.
    public func text(_ column: Int) -> String? {
        bytes(column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a bytea, text or JSON value.
    public func bytes(_ column: Int) -> [UInt8]? {
        guard let bytes = values[column] else { return nil }
        // jsonb's binary form starts with its version.
        return types[column] == PostgresType.jsonb ? Array(bytes.dropFirst()) : bytes
    }

    /// A boolean.
    public func bool(_ column: Int) -> Bool? {
        types[column] == PostgresType.bool ? values[column].map { $0.first == 1 } : nil
    }

    /// A timestamptz in milliseconds since the Unix epoch.
    public func milliseconds(_ column: Int) -> Int64? {
        guard types[column] == PostgresType.timestamptz, let bytes = values[column] else { return nil }
        return PostgresType.milliseconds(Self.integer(bytes))
    }

    private static func integer(_ bytes: [UInt8]) -> Int64 {
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        switch bytes.count {
        case 2: return Int64(Int16(truncatingIfNeeded: value))
        case 4: return Int64(Int32(truncatingIfNeeded: value))
        default: return Int64(bitPattern: value)
        }
    }
}
