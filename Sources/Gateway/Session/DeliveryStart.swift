internal import Shared

/// Whether a session may move its user's cursor in a conversation.
///
/// A cursor says that everything up to it has arrived. A topic without `resume-after` begins in the middle: what it brings moves the
/// cursor only where the cursor, or what lies between them, leaves nothing out that another has written to the user. Looking costs
/// two reads, and what it finds missing only another device can still get: so looks are further and further apart, however much
/// arrives meanwhile.
struct DeliveryStart {
    /// What follows from an event that has arrived.
    enum Step: Equatable {
        case move
        case look
        case wait
    }

    /// What follows from a look: the cursor moves up to an event, or nobody looks for so many milliseconds.
    enum Verdict: Equatable {
        case move(EventID)
        case rest(Int64)
    }

    /// Milliseconds after the first look that found something missing; each pause is twice as long as the one before.
    static let shortestPause: Int64 = 1_000
    static let longestPause: Int64 = 32_000

    /// The last event before those that the session was given.
    let begins: EventID
    private(set) var isComplete: Bool
    /// The last event that has arrived without moving the cursor, and the one for which was looked last.
    private var arrived = EventID.zero
    private var lookedFor = EventID.zero
    /// Whether a look, or the pause behind one, is under way.
    private var isBusy = false
    private var pause = shortestPause

    init(begins: EventID) {
        self.begins = begins
        isComplete = begins == .zero
    }

    /// An event has arrived.
    mutating func arrived(_ event: EventID) -> Step {
        // Up to the beginning it isn't the topic's, but the queue's, which begins where the cursor is.
        guard !isComplete, event > begins else { return .move }
        arrived = max(arrived, event)
        guard !isBusy else { return .wait }
        isBusy = true
        lookedFor = arrived
        return .look
    }

    /// The look that was asked for is over, and found that nothing is left out, or something; nil where it told nothing, and there
    /// is one more after the pause.
    mutating func looked(_ leavesNothingOut: Bool?) -> Verdict {
        if leavesNothingOut == true { claim() }
        if leavesNothingOut == nil { lookedFor = .zero }
        guard !isComplete else { return .move(arrived) }
        defer { pause = min(Self.longestPause, 2 * pause) }
        return .rest(pause)
    }

    /// The pause is over: whether to look again, since more has arrived or the start has been claimed meanwhile.
    mutating func rested() -> Bool {
        isBusy = arrived > lookedFor || isComplete
        lookedFor = arrived
        return isBusy
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
        switch topics[conversation]?.start.arrived(event) {
        case .move, nil: worker.cursors.noteDelivered(event, to: identity.user, in: conversation)
        case .look: look(at: conversation)
        case .wait: break
        }
    }

    /// Finds out whether the conversation's topic leaves something out.
    private func look(at conversation: UUID) {
        guard let asked = topics[conversation]?.start else { return }
        worker.loop.spawn { [self] in
            let found = await leavesNothingOut(asked, of: conversation)
            // The topic may have been left, and opened at another place.
            guard topics[conversation]?.start.begins == asked.begins else { return }
            switch topics[conversation]?.start.looked(found) {
            case .move(let event): worker.cursors.noteDelivered(event, to: identity.user, in: conversation)
            case .rest(let pause):
                worker.loop.schedule(after: pause) { [weak self] in
                    guard let self, topics[conversation]?.start.begins == asked.begins,
                        topics[conversation]?.start.rested() == true
                    else { return }
                    look(at: conversation)
                }
            case nil: break
            }
        }
    }

    /// nil where a store doesn't tell.
    private func leavesNothingOut(_ asked: DeliveryStart, of conversation: UUID) async -> Bool? {
        var start = asked
        let key = Keys.cursors(conversation, worker.node.partitioning.partition(of: conversation))
        do {
            let cursor = try await worker.redis.call("HGET", key, "d:\(identity.user)").eventID ?? .zero
            start.compare(to: cursor)
            guard !start.isComplete else { return true }
            let missed = try await worker.reader.events(of: conversation, after: cursor, limit: Self.missedPage)
            start.compare(
                to: missed.events, isWhole: missed.isLast && missed.holesBefore.isEmpty && !missed.endsInHole,
                of: identity.user)
            return start.isComplete
        } catch {
            return nil
        }
    }
}
