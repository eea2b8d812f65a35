internal import Shared

/// Tells users of what happens to their conversations: by `/user/queue/conversations`, and by SYSTEM messages in the
/// conversation itself.
///
/// Confined to its worker's loop.
final class Announcer {
    private unowned let worker: Worker

    init(worker: Worker) {
        self.worker = worker
    }

    /// Publishes a notice to users; who isn't there learns of it from the list of his conversations.
    func tell(_ event: String, _ conversation: Conversation, to users: some Sequence<UUID>) {
        let json = JSON.object(JSONObject([("event", .string(event)), ("conversation", conversation.json())]))
        let payload = ConversationNotice.payload(json)
        for user in users {
            var command = RedisCommand("PUBLISH", Keys.userChannel(user))
            command.add(payload)
            worker.redis.send(command) { _ in }
        }
    }

    /// Writes a SYSTEM message into a conversation: `content` is a word, and for some the id of the user it is about.
    func say(_ content: String, in conversation: UUID, by user: UUID) async {
        let id = UUID.random().description
        var tail: [UInt8] = []
        MessageJSON.appendTail(
            MessageJSON(
                conversation: conversation, sender: user, senderType: "SYSTEM", messageType: "SYSTEM",
                content: content, clientMessageID: id), to: &tail)
        let outcome: SendOutcome = await withCheckedContinuation { continuation in
            var draft = Draft(
                conversation: conversation, sender: user, clientMessageID: id,
                digest: DedupeDigest.digest(sender: user, clientMessageID: id), tail: tail,
                deadline: worker.loop.now + worker.node.config.sendTimeout
            ) { continuation.resume(returning: $0) }
            draft.isOfServer = true
            worker.writePath.submit(draft)
        }
        guard case .refused(let refusal) = outcome else { return }
        // The change itself holds; only its note in the history is missing.
        worker.log.warning(
            "system message refused", [.conversation: .uuid(conversation), .reason: .string("\(refusal)")])
    }
}
