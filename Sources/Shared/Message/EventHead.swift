/// What a change to a conversation is.
public enum EventKind: String, Sendable {
    /// A new message.
    case message = "m"
    /// A message with new content.
    case edited = "e"
    /// A message whose content is gone.
    case deleted = "d"

    /// The word in the `event` header of MESSAGE frames.
    public var name: String {
        switch self {
        case .message: "message"
        case .edited: "edited"
        case .deleted: "deleted"
        }
    }
}

/// The head line of an event: all that a node needs to pass the event on without parsing its JSON.
///
/// `1 <kind> <eventId> <previousEventId> <version> <conversationId> <recipients>`, for an edit or a delete the message's status,
/// and a line feed; the rest is JSON.
public struct EventHead: Sendable, Equatable {
    /// The format version that starts the line.
    public static let format: UInt8 = UInt8(ascii: "1")

    /// What happened.
    public let kind: EventKind
    /// The event's place in the conversation's one sequence.
    public let eventID: EventID
    /// The event before it; 0 for the first.
    public let previousEventID: EventID
    /// The version of the membership under which it was accepted.
    public let version: Int64
    /// The conversation.
    public let conversation: UUID
    /// The two participants of a DIRECT conversation; empty for a group.
    public let recipients: [UUID]
    /// How far the message had got when the event was accepted.
    public let status: MessageStatus
    /// Where the JSON starts.
    public let bodyStart: Int

    /// Parses an event's head; nil when it is another format.
    public init?(_ event: [UInt8]) {
        guard event.first == Self.format, let end = event.firstIndex(of: 0x0A), end < 256 else { return nil }
        let words = event[..<end].split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 7 || words.count == 8,
            let kind = EventKind(rawValue: String(decoding: words[1], as: UTF8.self)),
            let eventID = EventID(words[2]), let previousEventID = EventID(words[3]),
            let version = Decimal.parse(words[4]), let conversation = UUID(words[5]),
            let status = words.count == 7 ? .sent : MessageStatus(rawValue: String(decoding: words[7], as: UTF8.self))
        else { return nil }
        self.kind = kind
        self.eventID = eventID
        self.previousEventID = previousEventID
        self.version = version
        self.conversation = conversation
        self.status = status
        if words[6].elementsEqual("-".utf8) {
            recipients = []
        } else {
            let parsed = words[6].split(separator: UInt8(ascii: ",")).map { UUID($0) }
            let users = parsed.compactMap { $0 }
            guard users.count == 2, parsed.count == 2 else { return nil }
            recipients = users
        }
        bodyStart = end + 1
    }
}
