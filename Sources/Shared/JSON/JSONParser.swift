/// Reads JSON (RFC 8259), strictly: what another parser might read differently is refused.
public enum JSONParser {
    /// Parses a text that consists of one value.
    ///
    /// - Parameters:
    ///   - bytes: the text in UTF-8.
    ///   - maximumDepth: how many arrays and objects may be open at once.
    public static func parse(_ bytes: some Collection<UInt8>, maximumDepth: Int = 32) throws(JSONError) -> JSON {
        let result =
            bytes.withContiguousStorageIfAvailable { parse($0, maximumDepth) }
            ?? Array(bytes).withUnsafeBufferPointer { parse($0, maximumDepth) }
        return try result.get()
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ maximumDepth: Int) -> Result<JSON, JSONError> {
        var reader = JSONReader(bytes: bytes)
        do throws(JSONError) {
            let value = try reader.readValue(depth: maximumDepth)
            reader.skipWhiteSpace()
            guard reader.position == bytes.count else { throw reader.error(.syntax) }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }
}

/// The place of a parser in a text; it lives only while the text's bytes are borrowed.
struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    /// An error at the current place, or at the one given.
    func error(_ kind: JSONError.Kind, at offset: Int? = nil) -> JSONError {
        JSONError(kind: kind, offset: offset ?? position)
    }

    mutating func skipWhiteSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// The next byte, if there is one.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Steps over white space and one certain byte.
    mutating func skip(_ byte: UInt8) throws(JSONError) {
        skipWhiteSpace()
        guard next == byte else { throw error(.syntax) }
        position += 1
    }

    /// Steps over a byte if it is the next one.
    mutating func skipIfNext(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    /// Reads a value; `depth` is how many more arrays and objects may open.
    mutating func readValue(depth: Int) throws(JSONError) -> JSON {
        skipWhiteSpace()
        switch next {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try readLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try readLiteral("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func readLiteral(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for index in 0..<text.utf8CodeUnitCount {
            guard next == text.utf8Start[index] else { throw error(.syntax) }
            position += 1
        }
        return value
    }

    private mutating func readArray(depth: Int) throws(JSONError) -> JSON {
        guard depth > 0 else { throw error(.tooDeep) }
        position += 1
        skipWhiteSpace()
        var elements: [JSON] = []
        if skipIfNext(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            do throws(JSONError) {
                elements.append(try readValue(depth: depth - 1))
            } catch {
                throw error.inside(element: elements.count)
            }
            skipWhiteSpace()
        } while skipIfNext(UInt8(ascii: ","))
        try skip(UInt8(ascii: "]"))
        return .array(elements)
    }

    private mutating func readObject(depth: Int) throws(JSONError) -> JSON {
        guard depth > 0 else { throw error(.tooDeep) }
        position += 1
        skipWhiteSpace()
        if skipIfNext(UInt8(ascii: "}")) { return .object(JSONObject()) }
        var members: [(name: String, value: JSON)] = []
        var names = DistinctNames()
        repeat {
            skipWhiteSpace()
            let start = position
            guard next == UInt8(ascii: "\"") else { throw error(.syntax) }
            let name = try readString()
            guard names.insert(name, after: members) else {
                throw error(.duplicateName, at: start).inside(member: name)
            }
            do throws(JSONError) {
                try skip(UInt8(ascii: ":"))
                members.append((name, try readValue(depth: depth - 1)))
            } catch {
                throw error.inside(member: name)
            }
            skipWhiteSpace()
        } while skipIfNext(UInt8(ascii: ","))
        try skip(UInt8(ascii: "}"))
        return .object(JSONObject(distinct: members))
    }
}

/// Finds repeated names: by comparing while they are few, by a set when a peer sends thousands.
private struct DistinctNames {
    private static let few = 16
    private var seen: Set<[UInt8]> = []

    /// Notes a name; false if one of the members before it has it.
    mutating func insert(_ name: String, after members: [(name: String, value: JSON)]) -> Bool {
        guard members.count >= Self.few else { return !members.contains { $0.name.hasSameBytes(as: name) } }
        if seen.isEmpty { seen = Set(members.map { Array($0.name.utf8) }) }
        return seen.insert(Array(name.utf8)).inserted
    }
}
