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

    /// Tells users that a conversation was made; who isn't there learns of it from the list of their conversations.
    func tellCreated(_ conversation: Conversation, to users: [UUID]) {
        publish(ConversationNotice(event: "created", conversation).payload, to: users)
    }

    /// Tells the two of a DIRECT conversation that it was taken out of the archive since one of them uses it.
    func tellUnarchived(_ conversation: Conversation) {
        let notice = ConversationNotice(event: ConversationChanges.Change.unarchive.event.name, conversation)
        publish(notice.payload, to: conversation.participants.map(\.user))
    }

    /// Tells the members of a change. Where its SYSTEM message can't be written now, that is done later, by whichever node.
    func announce(_ announcement: Announcement, in conversation: Conversation) async {
        await tell(announcement, conversation)
        if !announcement.isOfArchiver { guard await say(announcement) else { return } }
        do throws(PostgresError) {
            try await announcement.remove(worker.postgres)
        } catch {
            log(announcement, "\(error)")
        }
    }

    /// A group hears of a change by its channel, once, and whom it is about by their own; the two of a DIRECT conversation have
    /// theirs.
    private func tell(_ announcement: Announcement, _ conversation: Conversation) async {
        let notice = ConversationNotice(event: announcement.noticeEvent, conversation)
        switch conversation.kind {
        case .direct: publish(notice.payload, to: conversation.participants.map(\.user))
        case .group where worker.node.oldestFormat >= GroupNotice.format:
            let id = conversation.id
            let channel = Keys.channel(id, worker.node.partitioning.partition(of: id))
            var command = RedisCommand("PUBLISH", channel)
            command.add(GroupNotice(conversation: id, subject: announcement.subject, json: notice.json).payload)
            worker.redis.send(command) { _ in }
            if let subject = announcement.subject { publish(notice.payload, to: [subject]) }
        case .group:
            // A node of the first release hears on its users' own channels alone.
            let members = (try? await ConversationStore.members(of: conversation.id, worker.postgres)) ?? []
            publish(notice.payload, to: Array(Set(members + [announcement.subject].compactMap { $0 })))
        }
    }

    private func publish(_ payload: [UInt8], to users: [UUID]) {
        worker.loop.spawn { [worker] in
            _ = try? await worker.redis.call(RedisScripts.notify, keys: []) { command in
                command.add(payload)
                for user in users { command.add(user.description) }
            }
        }
    }

    /// Tells what a gateway that has died, or stores that were away, left untold.
    func announceOverdue() async {
        // Away stores make it last; another one would announce the same again.
        guard !isAtIt else { return }
        isAtIt = true
        defer { isAtIt = false }
        do throws(PostgresError) {
            let overdue = try await Announcement.takeOverdue(
                worker.postgres, seconds: Self.patience, limit: Self.overduePerTurn)
            for announcement in overdue {
                let conversation = try await worker.postgres.transaction { connection throws(PostgresError) in
                    try await ConversationStore.read(announcement.conversation, for: [], connection)
                }
                guard let conversation else { continue }
                if announcement.isOfArchiver, !conversation.isArchived {
                    // It was taken out before anybody could tell that it was in.
                    try await announcement.remove(worker.postgres)
                } else {
                    await announce(announcement, in: conversation)
                }
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
