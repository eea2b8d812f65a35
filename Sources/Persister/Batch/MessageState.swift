internal import Shared

/// A message in the state that an entry gives it.
struct MessageState {
    let conversation: UUID
    let id: EventID
    let eventID: EventID
    let previousEventID: EventID
    let sender: UUID
    let senderType: String
    let messageType: String
    let content: String
    let clientMessageID: String
    /// JSON.
    let file: String?
    /// Milliseconds since the Unix epoch.
    let createdAt: Int64
    let editedAt: Int64?
    let isDeleted: Bool
    /// The participants of a DIRECT conversation.
    let recipients: [UUID]

    /// Whether two states with one id are of one message.
    func isSameMessage(as other: MessageState) -> Bool {
        sender == other.sender && clientMessageID == other.clientMessageID
    }

    /// Reads an entry; nil where it isn't an event of this format.
    init?(_ bytes: [UInt8]) {
        guard let head = EventHead(bytes), let body = try? JSONParser.parse(bytes[head.bodyStart...]).object,
            let id = body["id"]?.eventID, let sender = body["senderId"]?.string.flatMap({ UUID($0) }),
            let senderType = body["senderType"]?.string, let messageType = body["messageType"]?.string,
            let content = body["content"]?.string, let clientMessageID = body["clientMessageId"]?.string,
            let createdAt = body["createdAt"]?.string.flatMap({ RFC3339.parse($0) })
        else { return nil }
        conversation = head.conversation
        eventID = head.eventID
        previousEventID = head.previousEventID
        recipients = head.recipients
        self.id = id
        self.sender = sender
        self.senderType = senderType
        self.messageType = messageType
        self.content = content
        self.clientMessageID = clientMessageID
        self.createdAt = createdAt
        editedAt = body["editedAt"]?.string.flatMap { RFC3339.parse($0) }
        isDeleted = body["isDeleted"]?.bool ?? false
        if let file = body["file"], file != .null {
            self.file = String(decoding: JSONWriter.bytes(file), as: UTF8.self)
        } else {
            file = nil
        }
    }
}
