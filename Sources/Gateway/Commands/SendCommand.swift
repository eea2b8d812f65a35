internal import Shared

/// What `/app/chat.send` and `POST …/messages` ask for.
struct SendCommand {
    let conversation: UUID
    let content: String
    /// What the client said; a message with a file that it says nothing of is a picture or not by that file.
    private let givenType: String?
    let clientMessageID: String
    /// The file that is to be attached.
    let file: UUID?
    /// What is known of it, once it has been looked up.
    private var attachment: (type: String, json: [UInt8])?
    /// The file that is attached.
    var attachedFile: UUID? { attachment == nil ? nil : file }
    var messageType: String { attachment?.type ?? givenType ?? "TEXT" }

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
        file = try body.optionalUUID("fileId")
        givenType = try body.optionalString("messageType")
        try Self.check(givenType, hasFile: file != nil, sender)
        if file != nil, try body.optionalString("content") ?? "" == "" {
            content = ""
        } else {
            content = try rules.content(try body.string("content"))
        }
        if let given = try body.optionalString("clientMessageId") {
            clientMessageID = try ContentRules.clientMessageID(given)
        } else {
            // With an id of our own the gateway's repeated calls are answered once.
            clientMessageID = UUID.random().description
        }
    }

    private static func check(_ type: String?, hasFile: Bool, _ sender: Identity) throws(CommandError) {
        switch type {
        case "FILE", "IMAGE":
            guard hasFile else { throw CommandError(.missingField, "fileId is missing.", field: "fileId") }
        case "TEXT", nil: break
        case "SYSTEM":
            guard sender.senderType == "SYSTEM" else {
                throw CommandError(.notAllowed, "SYSTEM messages are made by the server.", field: "messageType")
            }
        default:
            throw CommandError(
                .invalidField, "messageType must be TEXT, FILE, IMAGE or SYSTEM.", field: "messageType")
        }
        if hasFile, type == "TEXT" || type == "SYSTEM" {
            throw CommandError(.invalidField, "A message with a file is FILE or IMAGE.", field: "messageType")
        }
    }

    /// Attaches the file, which the sender has uploaded for this conversation.
    mutating func attach(_ facts: FileFacts, _ rules: ContentRules) throws(CommandError) {
        let isPicture = MediaType.isPicture(facts.type)
        guard givenType != "IMAGE" || isPicture else {
            throw CommandError(.invalidField, "The file is no picture that is known here.", field: "messageType")
        }
        attachment = (givenType ?? (isPicture ? "IMAGE" : "FILE"), JSONWriter.bytes(facts.json(rules)))
    }

    /// The message for the write path; `deadline` in monotonic milliseconds. With `onlyRepeats` it asks as somebody who is in no
    /// conversation: one that was accepted before is answered all the same, and nothing else is accepted.
    func draft(
        sender: Identity, onlyRepeats: Bool = false, deadline: Int64, _ completion: @escaping (SendOutcome) -> Void
    ) -> Draft {
        Draft(
            MessageJSON(
                conversation: conversation, sender: sender.user, senderType: sender.senderType,
                messageType: messageType, content: content,
                clientMessageID: clientMessageID, file: attachment?.json),
            sender: onlyRepeats ? UUID.random() : sender.user, clientMessageID: clientMessageID,
            digest: DedupeDigest.digest(sender: sender.user, clientMessageID: clientMessageID), deadline: deadline,
            completion: completion)
    }
}
