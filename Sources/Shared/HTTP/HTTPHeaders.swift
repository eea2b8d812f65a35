/// Header fields of an HTTP message, in order; names compare without regard to ASCII case (RFC 9110, section 5.1).
public struct HTTPHeaders: Sendable, Equatable {
    /// One field line: a name and its value without outer white space.
    public struct Field: Sendable, Equatable {
        /// The field's name as it was written.
        public var name: String
        /// The field's value without outer white space.
        public var value: String
    }

    /// The field lines in the order they came.
    public private(set) var fields: [Field] = []

    /// Makes a collection of fields from name and value pairs.
    public init(_ pairs: [(String, String)] = []) {
        fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// Adds a field line behind the others.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Removes all field lines with this name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.same($0.name, name) }
    }

    /// The value of the first field line with this name.
    public func first(_ name: String) -> String? {
        fields.first { Self.same($0.name, name) }?.value
    }

    /// The values of all field lines with this name.
    public func all(_ name: String) -> [String] {
        fields.filter { Self.same($0.name, name) }.map(\.value)
    }

    /// The comma-separated members of all field lines with this name, trimmed, empty ones left out (RFC 9110, section 5.6.1).
    public func list(_ name: String) -> [String] {
        all(name).flatMap { value in
            value.split(separator: ",").compactMap { member in
                let trimmed = member.drop { $0 == " " || $0 == "\t" }
                guard let end = trimmed.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return nil }
                return String(trimmed[...end])
            }
        }
    }

    /// Whether `If-None-Match` names an entity tag: its client has what it asks for. Compared weakly, since a proxy that compresses
    /// makes the tag a weak one (RFC 9110, section 13.1.2).
    public func knows(_ tag: String) -> Bool {
        let known = list("If-None-Match")
        return known.contains(tag) || known.contains("W/" + tag) || known == ["*"]
    }

    /// Whether two field names are the same but for ASCII case.
    static func same(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return zip(left.utf8, right.utf8).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}
