internal import Shared

/// What `/app/chat.send` and `POST …/messages` ask for.
struct SendCommand {
    /// The longest `clientMessageId`, in bytes of UTF-8.
    private static let maximumClientMessageID = 128

    let conversation: UUID
    let content: String
    let messageType: String
    let clientMessageID: String

    /// Reads and checks a body; `conversation` is given where the URL names it.
    init(
        _ body: some Collection<UInt8>, conversation: UUID? = nil, sender: Identity, maximumCharacters: Int
    ) throws(CommandError) {
        let body = try Body(body)
        if let conversation {
            self.conversation = conversation
        } else {
            self.conversation = try body.uuid("conversationId")
        }
        content = try Self.checked(try body.string("content"), maximumCharacters: maximumCharacters)
        messageType = try body.optionalString("messageType") ?? "TEXT"
        switch messageType {
        case "TEXT": break
        case "SYSTEM":
            guard sender.senderType == "SYSTEM" else {
                throw CommandError(.notAllowed, "SYSTEM messages are made by the server.", field: "messageType")
            }
        case "FILE", "IMAGE":
            throw CommandError(.invalidField, "This server doesn't take files.", field: "messageType")
        default:
            throw CommandError(
                .invalidField, "messageType must be TEXT, FILE, IMAGE or SYSTEM.", field: "messageType")
        }
        let given = try body.optionalString("clientMessageId")
        if let given, given.isEmpty || given.utf8.count > Self.maximumClientMessageID {
            throw CommandError(
                .invalidField, "clientMessageId must have 1 to \(Self.maximumClientMessageID) bytes.",
                field: "clientMessageId")
        }
        // With an id of our own the gateway's repeated calls are answered once.
        clientMessageID = given ?? UUID.random().description
    }

    /// A message's content, if it may be one.
    static func checked(_ content: String, maximumCharacters: Int) throws(CommandError) -> String {
        guard !content.isEmpty else {
            throw CommandError(.invalidField, "content must not be empty.", field: "content")
        }
        guard content.unicodeScalars.count <= maximumCharacters else {
            throw CommandError(
                .contentTooLong, "content must not be longer than \(maximumCharacters) characters.", field: "content")
        }
        return content
    }

    /// The message for the write path; `deadline` in monotonic milliseconds.
    func draft(sender: Identity, deadline: Int64, _ completion: @escaping (SendOutcome) -> Void) -> Draft {
        var tail: [UInt8] = []
        tail.reserveCapacity(content.utf8.count + 320)
        MessageJSON.appendTail(
            MessageJSON(
                conversation: conversation, sender: sender.user, senderType: sender.senderType,
                messageType: messageType, content: content, clientMessageID: clientMessageID), to: &tail)
        return Draft(
            conversation: conversation, sender: sender.user, clientMessageID: clientMessageID,
            digest: DedupeDigest.digest(sender: sender.user, clientMessageID: clientMessageID), tail: tail,
            deadline: deadline, completion: completion)
    }
}
