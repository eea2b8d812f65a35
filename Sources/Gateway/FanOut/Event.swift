internal import Shared

/// A change to a conversation, as it lies in Redis and as every node passes it on: a head line and the message's JSON.
final class Event: Sendable {
    private static let senderStart = Array(#""senderId":""#.utf8)

    let head: EventHead
    let bytes: [UInt8]

    init(head: EventHead, bytes: [UInt8]) {
        self.head = head
        self.bytes = bytes
    }

    /// Reads an event; nil where it is of another format.
    convenience init?(_ bytes: [UInt8]) {
        guard let head = EventHead(bytes) else { return nil }
        self.init(head: head, bytes: bytes)
    }

    var id: EventID { head.eventID }
    var previousID: EventID { head.previousEventID }
    var conversation: UUID { head.conversation }

    /// The message that the event is about: the first member of its JSON.
    var messageID: EventID {
        guard head.kind != .message else { return head.eventID }
        return EventID(json.dropFirst(6).prefix { $0 >= 0x30 && $0 <= 0x39 }) ?? head.eventID
    }

    /// The message's JSON as it is stored, without what can change.
    var json: ArraySlice<UInt8> { bytes[head.bodyStart...] }

    /// Who wrote the message; nil where the JSON is damaged.
    var sender: UUID? {
        guard let start = json.first(of: Self.senderStart)?.upperBound else { return nil }
        return UUID(json[start...].prefix(36))
    }

    /// Appends the JSON that clients get: what is stored, and the message's `status`, by the cursors where they are known.
    func appendClientJSON(to output: inout [UInt8], _ cursors: Cursors? = nil) {
        var status = head.status
        if let cursors, !cursors.positions.isEmpty, let sender {
            status = cursors.status(of: messageID, from: sender)
        }
        output.append(contentsOf: json.dropLast())
        output.append(contentsOf: #","status":"\#(status.rawValue)"}"#.utf8)
    }
}
