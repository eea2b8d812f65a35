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

    /// The id of a message or another event.
    func eventID(_ name: String) throws(CommandError) -> EventID {
        guard let value = self[name] else { throw Self.missing(name) }
        guard let id = value.eventID else {
            throw CommandError(.invalidField, "\(name) must be a whole number from 0 to 2^53 - 1.", field: name)
        }
        return id
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
