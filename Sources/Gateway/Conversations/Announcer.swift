internal import Shared

/// Tells users of what happens to their conversations: by `/user/queue/conversations`, and by SYSTEM messages in the
/// conversation itself.
///
/// Confined to its worker's loop.
final class Announcer {
    /// Seconds after which an announcement that still stands in PostgreSQL is told by somebody else.
    private static let patience: Int64 = 10
    private static let overduePerTurn: Int64 = 100

    private let worker: Worker
    private var isAtIt = false

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

    /// Tells the members of a change. Where its SYSTEM message can't be written now, that is done later, by whichever node.
    func announce(_ announcement: Announcement, in conversation: Conversation) async {
        var audience = Set(conversation.participants.map(\.user))
        if let subject = announcement.subject { audience.insert(subject) }
        tell(announcement.event, conversation, to: audience)
        guard await say(announcement) else { return }
        do throws(PostgresError) {
            try await announcement.remove(worker.postgres)
        } catch {
            log(announcement, "\(error)")
        }
    }

    /// Tells what a gateway that has died, or stores that were away, left untold.
    func announceOverdue() async {
        // Away stores make it last; another one would announce the same again.
        guard !isAtIt else { return }
        isAtIt = true
        defer { isAtIt = false }
        do throws(PostgresError) {
            let overdue = try await Announcement.overdue(
                worker.postgres, seconds: Self.patience, limit: Self.overduePerTurn)
            for announcement in overdue {
                let conversation = try await worker.postgres.transaction { connection throws(PostgresError) in
                    try await ConversationStore.read(announcement.conversation, connection)
                }
                if let conversation { await announce(announcement, in: conversation) }
            }
        } catch {
            worker.log.debug("announcements can't be looked for", [.error: .describing(error)])
        }
    }

    /// Writes the SYSTEM message of a change; true once it is in the conversation.
    private func say(_ announcement: Announcement) async -> Bool {
        let message = MessageJSON(
            conversation: announcement.conversation, sender: announcement.actor, senderType: "SYSTEM",
            messageType: "SYSTEM", content: announcement.words, clientMessageID: announcement.clientMessageID)
        let outcome: SendOutcome = await withCheckedContinuation { continuation in
            var draft = Draft(
                message, sender: announcement.actor, clientMessageID: announcement.clientMessageID,
                // Nobody's own ids are among those of a conversation.
                digest: DedupeDigest.digest(
                    sender: announcement.conversation, clientMessageID: announcement.clientMessageID),
                deadline: worker.loop.now + worker.node.config.sendTimeout
            ) { continuation.resume(returning: $0) }
            draft.isOfServer = true
            worker.writePath.submit(draft)
        }
        guard case .refused(let refusal) = outcome else { return true }
        log(announcement, "\(refusal)")
        return false
    }

    private func log(_ announcement: Announcement, _ reason: String) {
        worker.log.warning(
            "announcement waits", [.conversation: .uuid(announcement.conversation), .reason: .string(reason)])
    }
}
