internal import Shared

/// Whether a session may move its user's cursor in a conversation.
///
/// A cursor says that everything up to it has arrived. A topic without `resume-after` begins in the middle: what it brings moves the
/// cursor only where the cursor, or what lies between them, leaves nothing out that another has written to the user.
struct DeliveryStart {
    /// The last event before those that the session was given.
    let begins: EventID
    private(set) var isComplete: Bool

    init(begins: EventID) {
        self.begins = begins
        isComplete = begins == .zero
    }

    /// The session has what comes before, or says so: it is believed, as one that sends `chat.delivered` is.
    mutating func claim() {
        isComplete = true
    }

    /// Takes where the cursor is.
    mutating func compare(to cursor: EventID) {
        if cursor >= begins { isComplete = true }
    }

    /// Takes the events behind the cursor, `isWhole` where there are no more up to the beginning.
    mutating func compare(to missed: [Event], isWhole: Bool, of user: UUID) {
        let others = missed.filter { $0.id <= begins && !$0.isNotice && $0.sender != user }
        if others.isEmpty, isWhole || missed.contains(where: { $0.id > begins }) { isComplete = true }
    }
}

extension Event {
    /// Whether nobody waits for it to arrive: it tells of the conversation itself. A quotation mark in a text is escaped, so that no
    /// text looks like a member.
    fileprivate var isNotice: Bool { json.first(of: Self.noticeMark) != nil }

    private static let noticeMark = Array(#""senderType":"SYSTEM""#.utf8)
}

extension ClientSession {
    private static let missedPage = 100

    /// The client has got everything that the session brought of a conversation, up to an event.
    func wasDelivered(_ event: EventID, in conversation: UUID) {
        guard let start = topics[conversation]?.start, !start.isComplete else {
            return worker.cursors.noteDelivered(event, to: identity.user, in: conversation)
        }
        worker.loop.spawn { [self] in
            guard await mayMoveCursor(to: event, in: conversation) else { return }
            worker.cursors.noteDelivered(event, to: identity.user, in: conversation)
        }
    }

    private func mayMoveCursor(to event: EventID, in conversation: UUID) async -> Bool {
        guard var start = topics[conversation]?.start, !start.isComplete else { return true }
        // Not the topic's, but the queue's, which begins where the cursor is.
        guard event > start.begins else { return true }
        let key = Keys.cursors(conversation, worker.node.partitioning.partition(of: conversation))
        do {
            let cursor = try await worker.redis.call("HGET", key, "d:\(identity.user)").eventID ?? .zero
            start.compare(to: cursor)
            if !start.isComplete {
                let missed = try await worker.reader.events(of: conversation, after: cursor, limit: Self.missedPage)
                start.compare(
                    to: missed.events, isWhole: missed.isLast && missed.holesBefore.isEmpty && !missed.endsInHole,
                    of: identity.user)
            }
        } catch {
            return false
        }
        if start.isComplete { topics[conversation]?.start.claim() }
        return start.isComplete
    }
}
