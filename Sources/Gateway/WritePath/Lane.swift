internal import Shared

/// The messages of one partition that wait for the accept script: at most one call is under way, so that their order holds
/// through cold conversations, lost scripts and reconnects.
struct Lane {
    /// So many messages go into one call.
    static let maximumMessages = 64
    /// So many bytes go into one call, unless a single message is larger.
    static let maximumBytes = 256 * 1024

    private var queue = Queue<Draft>()
    /// Messages of conversations that were loaded meanwhile: they go before the others.
    private var front = Queue<Draft>()
    /// The drafts of the call that is under way or has to be repeated.
    private(set) var batch: [Draft] = []
    /// Whether the batch is with Redis.
    private(set) var isInFlight = false
    /// Messages of conversations that are being loaded, in order.
    private var parked: [UUID: [Draft]] = [:]

    var isEmpty: Bool { queue.isEmpty && front.isEmpty && batch.isEmpty && parked.isEmpty }

    mutating func append(_ draft: Draft) {
        if parked[draft.conversation] != nil {
            parked[draft.conversation]?.append(draft)
        } else {
            queue.append(draft)
        }
    }

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

    /// Lays a message aside until its conversation is loaded; true for the first of its conversation.
    mutating func park(_ draft: Draft) -> Bool {
        let isFirst = parked[draft.conversation] == nil
        parked[draft.conversation, default: []].append(draft)
        return isFirst
    }

    /// Takes back what was laid aside.
    mutating func unpark(_ conversation: UUID) -> [Draft] {
        parked.removeValue(forKey: conversation) ?? []
    }

    /// Puts messages of a loaded conversation in front of those that were not sent yet; what waits there already is of others
    /// that were loaded.
    mutating func prepend(_ drafts: [Draft]) {
        for draft in drafts { front.append(draft) }
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
