internal import Shared

/// What a message's JSON says behind the fields that the accept script makes (`id`, `eventId`, `previousEventId`,
/// `createdAt`).
struct MessageJSON {
    var conversation: UUID
    var sender: UUID
    var senderType: String
    var messageType: String
    var content: String
    var clientMessageID: String
    /// The JSON of the attached file; nil where there is none.
    var file: [UInt8]?
    /// Milliseconds since the Unix epoch.
    var editedAt: Int64?
    var isDeleted = false

    /// Reads a message as it is stored; nil where something is missing.
    init?(_ object: JSONObject, _ conversation: UUID) {
        guard let sender = object["senderId"]?.string.flatMap({ UUID($0) }),
            let senderType = object["senderType"]?.string, let messageType = object["messageType"]?.string,
            let content = object["content"]?.string, let clientMessageID = object["clientMessageId"]?.string
        else { return nil }
        self.init(
            conversation: conversation, sender: sender, senderType: senderType, messageType: messageType,
            content: content, clientMessageID: clientMessageID)
        if let file = object["file"], file != .null { self.file = JSONWriter.bytes(file) }
        editedAt = object["editedAt"]?.string.flatMap { RFC3339.parse($0) }
        isDeleted = object["isDeleted"]?.bool ?? false
    }

    /// Makes a message from its parts.
    init(
        conversation: UUID, sender: UUID, senderType: String, messageType: String, content: String,
        clientMessageID: String, file: [UInt8]? = nil, editedAt: Int64? = nil, isDeleted: Bool = false
    ) {
        self.conversation = conversation
        self.sender = sender
        self.senderType = senderType
        self.messageType = messageType
        self.content = content
        self.clientMessageID = clientMessageID
        self.file = file
        self.editedAt = editedAt
        self.isDeleted = isDeleted
    }

    /// The fields and the closing brace.
    var tail: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(content.utf8.count + 320)
        Self.appendTail(self, to: &output)
        return output
    }

    /// Appends the fields and the closing brace.
    static func appendTail(_ message: MessageJSON, to output: inout [UInt8]) {
        output.append(contentsOf: #""conversationId":""#.utf8)
        message.conversation.append(to: &output)
        output.append(contentsOf: #"","senderId":""#.utf8)
        message.sender.append(to: &output)
        output.append(contentsOf: #"","senderType":"#.utf8)
        JSONWriter.appendString(message.senderType, to: &output)
        output.append(contentsOf: #","messageType":"#.utf8)
        JSONWriter.appendString(message.messageType, to: &output)
        output.append(contentsOf: #","content":"#.utf8)
        JSONWriter.appendString(message.content, to: &output)
        output.append(contentsOf: #","clientMessageId":"#.utf8)
        JSONWriter.appendString(message.clientMessageID, to: &output)
        output.append(contentsOf: #","file":"#.utf8)
        output.append(contentsOf: message.file ?? Array("null".utf8))
        output.append(contentsOf: #","editedAt":"#.utf8)
        if let editedAt = message.editedAt {
            output.append(UInt8(ascii: "\""))
            RFC3339.append(milliseconds: editedAt, to: &output)
            output.append(UInt8(ascii: "\""))
        } else {
            output.append(contentsOf: "null".utf8)
        }
        output.append(contentsOf: #","isDeleted":\#(message.isDeleted)}"#.utf8)
    }
}
