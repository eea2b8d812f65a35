internal import Shared

/// The JSON body of a command or a REST call, read field by field; an error names the field.
struct Body {
    private let object: JSONObject

    init(_ bytes: some Collection<UInt8>) throws(CommandError) {
        let value: JSON
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            throw CommandError(error)
        }
        guard let object = value.object else {
            throw CommandError(.malformedJSON, "The body must be a JSON object.")
        }
        self.object = object
    }

    /// A field's value; nil where it is missing or null.
    private subscript(_ name: String) -> JSON? {
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    func optionalString(_ name: String) throws(CommandError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else {
            throw CommandError(.invalidField, "\(name) must be a string.", field: name)
        }
        return text
    }

    func string(_ name: String) throws(CommandError) -> String {
        guard let text = try optionalString(name) else { throw Self.missing(name) }
        return text
    }

    func optionalUUID(_ name: String) throws(CommandError) -> UUID? {
        guard let text = try optionalString(name) else { return nil }
        guard let uuid = UUID(text) else {
            throw CommandError(.invalidField, "\(name) must be a UUID.", field: name)
        }
        return uuid
    }

    func uuid(_ name: String) throws(CommandError) -> UUID {
        guard let uuid = try optionalUUID(name) else { throw Self.missing(name) }
        return uuid
    }

    /// An id: a whole number that isn't negative.
    func integer(_ name: String) throws(CommandError) -> Int64 {
        guard let value = self[name] else { throw Self.missing(name) }
        guard let number = value.integer, number >= 0 else {
            throw CommandError(.invalidField, "\(name) must be a whole number.", field: name)
        }
        return number
    }

    func bool(_ name: String) throws(CommandError) -> Bool {
        guard let value = self[name] else { throw Self.missing(name) }
        guard let flag = value.bool else {
            throw CommandError(.invalidField, "\(name) must be true or false.", field: name)
        }
        return flag
    }

    func uuids(_ name: String) throws(CommandError) -> [UUID] {
        guard let value = self[name] else { throw Self.missing(name) }
        guard let elements = value.array else {
            throw CommandError(.invalidField, "\(name) must be an array of UUIDs.", field: name)
        }
        var uuids: [UUID] = []
        for element in elements {
            guard let uuid = element.string.flatMap({ UUID($0) }) else {
                throw CommandError(.invalidField, "\(name) must be an array of UUIDs.", field: name)
            }
            uuids.append(uuid)
        }
        return uuids
    }

    private static func missing(_ name: String) -> CommandError {
        CommandError(.missingField, "\(name) is missing.", field: name)
    }
}
