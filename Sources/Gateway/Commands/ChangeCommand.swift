internal import Shared

/// What `/app/chat.edit` and `/app/chat.delete`, and `PATCH` and `DELETE` of a message, ask for.
struct ChangeCommand {
    enum Action {
        case edit(String)
        case delete
    }

    /// A message may be edited for so many milliseconds.
    private static let editable: Int64 = 24 * 3_600_000

    let conversation: UUID
    let message: EventID
    let action: Action

    /// Reads a command's body.
    init(_ body: some Collection<UInt8>, isEdit: Bool, rules: ContentRules) throws(CommandError) {
        let body = try Body(body)
        conversation = try body.uuid("conversationId")
        message = try body.eventID("messageId")
        action = isEdit ? .edit(try rules.content(try body.string("content"))) : .delete
    }

    /// Reads a REST call, whose URL names the message; an edit has a body.
    init(
        conversation: UUID, message: EventID, edit body: [UInt8]?, rules: ContentRules
    ) throws(CommandError) {
        self.conversation = conversation
        self.message = message
        if let body {
            action = .edit(try rules.content(try Body(body).string("content")))
        } else {
            action = .delete
        }
    }

    /// The message in its new state, or the event that did the same before.
    enum Result {
        case change(MessageChange, MessageJSON, removes: UUID?)
        case already(eventID: EventID)
    }

    /// Applies the command to a message's present state on behalf of a user; `now` in milliseconds since the Unix epoch.
    func apply(to event: Event, by user: UUID, isAdmin: Bool, now: Int64) throws(CommandError) -> Result {
        guard let state = try? JSONParser.parse(event.json).object, let old = MessageJSON(state, conversation),
            let createdAt = state["createdAt"]?.string, let created = RFC3339.parse(createdAt)
        else { throw CommandError(.internalError, "The message's data is damaged.") }
        var new = old
        var removed: UUID?
        let kind: EventKind
        switch action {
        case .edit(let content):
            guard old.sender == user, old.senderType != "SYSTEM" else {
                throw CommandError(.notAllowed, "Only its sender may edit a message.", field: "messageId")
            }
            guard !old.isDeleted, old.messageType == "TEXT" else {
                throw CommandError(.notAllowed, "This message can't be edited.", field: "messageId")
            }
            guard now - created <= Self.editable else {
                throw CommandError(.notAllowed, "A message may be edited for 24 hours.", field: "messageId")
            }
            new.content = content
            new.editedAt = now
            kind = .edited
        case .delete:
            guard old.sender == user || isAdmin else {
                throw CommandError(
                    .notAllowed, "Only its sender, or an ADMIN of the group, may delete a message.",
                    field: "messageId")
            }
            if old.isDeleted { return .already(eventID: event.id) }
            new.content = ""
            removed = state["file"]?.object?["fileId"]?.string.flatMap { UUID($0) }
            new.file = nil
            new.isDeleted = true
            kind = .deleted
        }
        return .change(
            MessageChange(kind: kind, message: message, expected: event.id, createdAt: createdAt), new, removes: removed
        )
    }
}
