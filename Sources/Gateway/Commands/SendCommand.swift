internal import Shared

/// What `/app/chat.send` and `POST …/messages` ask for.
struct SendCommand {
    let conversation: UUID
    let content: String
    let messageType: String
    let clientMessageID: String

    /// Reads and checks a body; `conversation` is given where the URL names it.
    init(
        _ body: some Collection<UInt8>, conversation: UUID? = nil, sender: Identity, rules: ContentRules
    ) throws(CommandError) {
        let body = try Body(body)
        if let conversation {
            self.conversation = conversation
        } else {
            self.conversation = try body.uuid("conversationId")
        }
        content = try rules.content(try body.string("content"))
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
        if let given = try body.optionalString("clientMessageId") {
            clientMessageID = try ContentRules.clientMessageID(given)
        } else {
            // With an id of our own the gateway's repeated calls are answered once.
            clientMessageID = UUID.random().description
        }
    }

    /// The message for the write path; `deadline` in monotonic milliseconds.
    func draft(sender: Identity, deadline: Int64, _ completion: @escaping (SendOutcome) -> Void) -> Draft {
        Draft(
            MessageJSON(
                conversation: conversation, sender: sender.user, senderType: sender.senderType,
                messageType: messageType, content: content, clientMessageID: clientMessageID),
            sender: sender.user, clientMessageID: clientMessageID,
            digest: DedupeDigest.digest(sender: sender.user, clientMessageID: clientMessageID), deadline: deadline,
            completion: completion)
    }
}
