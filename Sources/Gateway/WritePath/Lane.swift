internal import Shared

/// The messages of one partition that wait for the accept script: at most one call is under way, so that their order holds
/// through cold conversations, lost scripts and reconnects.
struct Lane {
    /// So many messages go into one call.
    static let maximumMessages = 64
    /// So many bytes go into one call, unless a single message is larger.
    static let maximumBytes = 256 * 1024

    private var queue = Queue<Draft>()
    /// Messages of conversations that were loaded, or taken out of the archive, meanwhile: they go before the others.
    private var front = Queue<Draft>()
    /// The drafts of the call that is under way or has to be repeated.
    private(set) var batch: [Draft] = []
    /// Whether the batch is with Redis.
    private(set) var isInFlight = false
    /// Messages of conversations that are being loaded, or taken out of the archive, in order.
    private var parked: [UUID: [Draft]] = [:]

    var isEmpty: Bool { queue.isEmpty && front.isEmpty && batch.isEmpty && parked.isEmpty }

    /// Adds a message behind all others. Where its conversation is parked it isn't yet: others of it may wait before this one.
    mutating func append(_ draft: Draft) { queue.append(draft) }

    /// The batch to send now; empty while one is under way or nothing waits. One that was put back comes first, and whole.
    mutating func takeBatch() -> [Draft] {
        guard !isInFlight else { return [] }
        if batch.isEmpty {
            var bytes = 0
            while batch.count < Self.maximumMessages, let next = front.first ?? queue.first,
                batch.isEmpty || bytes + next.byteCount <= Self.maximumBytes
            {
                _ = front.popFirst() ?? queue.popFirst()
                // Its conversation went cold after it was queued.
                if parked[next.conversation] != nil {
                    parked[next.conversation]?.append(next)
                    continue
                }
                bytes += next.byteCount
                batch.append(next)
            }
        }
        guard !batch.isEmpty else { return [] }
        isInFlight = true
        return batch
    }

    /// The call has an answer: the batch is done.
    mutating func finishBatch() -> [Draft] {
        isInFlight = false
        let done = batch
        batch = []
        return done
    }

    /// The call has to be made again, since nothing came of it or, where it `mayBeAccepted`, nobody knows what: the batch is sent
    /// again before anything else.
    mutating func keepBatch(mayBeAccepted: Bool = false) {
        isInFlight = false
        guard mayBeAccepted else { return }
        for position in batch.indices { batch[position].mayBeAccepted = true }
    }

    /// Whether messages of a conversation are laid aside.
    func isParked(_ conversation: UUID) -> Bool { parked[conversation] != nil }

    /// Lays a message aside until its conversation can be asked for again; true for the first of its conversation.
    mutating func park(_ draft: Draft) -> Bool {
        let isFirst = parked[draft.conversation] == nil
        parked[draft.conversation, default: []].append(draft)
        return isFirst
    }

    /// Takes back what was laid aside.
    mutating func unpark(_ conversation: UUID) -> [Draft] {
        parked.removeValue(forKey: conversation) ?? []
    }

    /// Puts the messages of a conversation that were laid aside in front of those that were not sent yet.
    mutating func prepend(_ drafts: [Draft]) {
        guard let conversation = drafts.first?.conversation else { return }
        var later: [Draft] = []
        // Only of one that was laid aside before something may be there already, which is to come behind.
        if drafts.contains(where: { $0.loads > 1 }) {
            for draft in front.removeAll() {
                if draft.conversation == conversation { later.append(draft) } else { front.append(draft) }
            }
        }
        for draft in drafts + later { front.append(draft) }
    }

    /// Takes out all messages whose deadline has passed and whose outcome no call under way will tell.
    mutating func removeExpired(at now: Int64) -> [Draft] {
        var expired: [Draft] = []
        if !isInFlight {
            expired += batch.filter { $0.deadline <= now }
            batch.removeAll { $0.deadline <= now }
        }
        Self.removeExpired(from: &front, at: now, to: &expired)
        Self.removeExpired(from: &queue, at: now, to: &expired)
        for conversation in Array(parked.keys) {
            expired += parked[conversation]?.filter { $0.deadline <= now } ?? []
            parked[conversation]?.removeAll { $0.deadline <= now }
        }
        return expired
    }

    private static func removeExpired(from queue: inout Queue<Draft>, at now: Int64, to expired: inout [Draft]) {
        guard let first = queue.first, first.deadline <= now else { return }
        for draft in queue.removeAll() {
            if draft.deadline <= now { expired.append(draft) } else { queue.append(draft) }
        }
    }
}
