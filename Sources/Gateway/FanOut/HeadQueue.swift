internal import Shared

/// Decides when the heads of which conversations are compared: in batches of one partition each, paced, and after a failure
/// later and not more.
///
/// When pub/sub was interrupted all followed conversations have to be compared, on all nodes at once. What nobody waits for
/// is paced by a token bucket. Conversations that somebody waits for don't ask the bucket: their clients were admitted one by
/// one. Pure: times are monotonic milliseconds that the caller tells.
struct HeadQueue {
    /// Why a conversation's head is wanted; the later the sooner.
    enum Urgency: Int, CaseIterable {
        /// Nothing was published in it lately, or nobody here listens to it.
        case quiet
        /// Somebody listens to it, and it is in use.
        case active
        /// A subscriber waits for it.
        case awaited
    }

    /// The conversations of one call.
    struct Batch: Equatable {
        let partition: Int
        let conversations: [UUID]
        /// Whether somebody waits for one of them.
        let isAwaited: Bool
    }

    /// So many conversations go into one call: it keeps Redis for about 0.15 ms.
    static let batchSize = 100
    /// Calls per second for conversations that nobody waits for: 10,000 heads, 1.5 % of Redis' time for each node.
    static let callsPerSecond = 100
    /// So many of these calls may go at once: a node with few conversations is done at once.
    static let burst = 20
    /// So many calls may be under way for what nobody waits for, and so many in all.
    static let maximumPaced = 4
    static let maximumUnderWay = 12
    /// Milliseconds between a failure and the next call; they double up to the last bound.
    static let firstBackoff: Int64 = 250
    static let lastBackoff: Int64 = 10_000

    /// What is wanted, by its present urgency; in the queues some may stand that went with another batch.
    private var wanted: [UUID: Urgency] = [:]
    private var queues: [[Queue<UUID>]]
    /// The partitions that have something of an urgency, in the order in which they got it.
    private var turns: [Queue<Int>]
    private var underWay = 0
    private var pacedUnderWay = 0
    private var bucket = TokenBucket(RateLimit(interval: 1_000 / Double(Self.callsPerSecond), burst: Self.burst))
    private var failures = 0
    private(set) var pausedUntil: Int64 = .min

    init(partitions: Int) {
        queues = Array(repeating: Urgency.allCases.map { _ in Queue() }, count: partitions)
        turns = Urgency.allCases.map { _ in Queue() }
    }

    /// How many conversations wait.
    var count: Int { wanted.count }

    /// Whether a conversation waits.
    func contains(_ conversation: UUID) -> Bool { wanted[conversation] != nil }

    /// A conversation's head is wanted; one that waits already only becomes more urgent.
    mutating func add(_ conversation: UUID, partition: Int, _ urgency: Urgency) {
        if let known = wanted[conversation], known.rawValue >= urgency.rawValue { return }
        wanted[conversation] = urgency
        if queues[partition][urgency.rawValue].isEmpty { turns[urgency.rawValue].append(partition) }
        queues[partition][urgency.rawValue].append(conversation)
    }

    /// Nobody wants a conversation's head any more.
    mutating func remove(_ conversation: UUID) { wanted[conversation] = nil }

    /// The next call to make now, if there is one; its end is told by `finished`.
    mutating func next(at now: Int64) -> Batch? {
        guard now >= pausedUntil, underWay < Self.maximumUnderWay else { return nil }
        if let batch = take(.awaited) {
            underWay += 1
            return batch
        }
        guard bucket.wait(at: now) == nil, pacedUnderWay < Self.maximumPaced, let batch = take(.active) ?? take(.quiet)
        else { return nil }
        _ = bucket.take(at: now)
        underWay += 1
        pacedUnderWay += 1
        return batch
    }

    /// When `next` may have a call that it doesn't have now, though none that is under way ends before.
    func nextMoment(at now: Int64) -> Int64? {
        guard !wanted.isEmpty, underWay < Self.maximumUnderWay else { return nil }
        if now < pausedUntil { return pausedUntil }
        return pacedUnderWay < Self.maximumPaced ? bucket.wait(at: now).map { now + $0 } : nil
    }

    /// A call has ended. One that has failed makes no more work than before: its conversations wait again, and nothing is
    /// asked for a while. `jitter` from 0 to 1 keeps nodes from coming back at one moment.
    mutating func finished(_ batch: Batch, failed: Bool, at now: Int64, jitter: Double = 1) {
        underWay -= 1
        if !batch.isAwaited { pacedUnderWay -= 1 }
        guard failed else {
            failures = 0
            return
        }
        // Calls that were under way together fail together: that is one failure.
        guard now >= pausedUntil else { return }
        let bound = min(Self.lastBackoff, Self.firstBackoff << Int64(min(failures, 10)))
        failures += 1
        pausedUntil = now + bound / 2 + Int64(Double(bound / 2) * jitter)
    }

    /// A batch of the partition that has waited longest with something of an urgency; what is less urgent there goes along.
    private mutating func take(_ urgency: Urgency) -> Batch? {
        while let partition = turns[urgency.rawValue].popFirst() {
            var found: [UUID] = []
            for level in stride(from: urgency.rawValue, through: 0, by: -1) {
                while found.count < Self.batchSize, let conversation = queues[partition][level].popFirst() {
                    // Another batch has taken it, or it has become more urgent since.
                    guard wanted[conversation]?.rawValue == level else { continue }
                    wanted[conversation] = nil
                    found.append(conversation)
                }
            }
            if !queues[partition][urgency.rawValue].isEmpty { turns[urgency.rawValue].append(partition) }
            if !found.isEmpty {
                return Batch(partition: partition, conversations: found, isAwaited: urgency == .awaited)
            }
        }
        return nil
    }
}
