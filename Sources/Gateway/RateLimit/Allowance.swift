internal import Shared

/// What one loop may spend of one bucket: it takes from the shared bucket in Redis ahead of need, so that a send waits for no
/// round trip; what is spent before Redis has said how much there is, Redis is told with the next question.
///
/// So the sum over all loops and nodes is right: each token was in the shared bucket, or is owed to it. Times are monotonic
/// milliseconds.
struct Allowance<Waiter> {
    /// What is asked of the shared bucket.
    struct Question: Equatable {
        /// What was spent ahead.
        var debt: Int
        /// What is wanted.
        var want: Int
    }

    enum Verdict: Equatable {
        case go
        /// Not before so many milliseconds have passed.
        case refuse(retryAfter: Int64)
        /// Redis' answer decides.
        case wait
    }

    /// Of a bucket so much is taken at a time: little enough that what lies with idle loops doesn't matter.
    private static var share: Int { 20 }
    private static var mostAtOnce: Int { 50 }
    /// Milliseconds after which Redis will have answered.
    private static var moment: Int64 { 100 }

    private let limit: RateLimit
    private let chunk: Int
    private var held = 0
    private var debt = 0
    /// Whether Redis has not been asked since this was made: then one is free to go, as nearly every first one is.
    private var isFresh = true
    private var blockedUntil: Int64 = .min
    private var lastUsed: Int64 = 0
    private(set) var isAsking = false
    /// What the question wants that Redis hasn't answered yet.
    private var asked = 0
    private var waiters = Queue<(waiter: Waiter, count: Int)>()
    /// What all waiters want together.
    private var awaited = 0

    init(_ limit: RateLimit) {
        self.limit = limit
        chunk = max(1, min(limit.burst / Self.share, Self.mostAtOnce))
    }

    /// Asks for one, or for as many as something costs. A waiter is kept where the verdict is `wait`, and comes out of
    /// `answered` or `failed`.
    mutating func take(_ waiter: Waiter, count: Int = 1, at now: Int64) -> (Verdict, Question?) {
        lastUsed = now
        // What costs more than a bucket holds takes all of it.
        let count = min(count, limit.burst)
        if waiters.isEmpty, let verdict = spend(count, at: now, credit: 1) { return (verdict, question()) }
        waiters.append((waiter, count))
        awaited += count
        return (.wait, question())
    }

    /// Asks for one that can't wait: a tenth of the bucket may be spent ahead of Redis' answer.
    mutating func takeAtOnce(at now: Int64) -> (Verdict, Question?) {
        lastUsed = now
        let credit = max(1, limit.burst / 10)
        guard let verdict = spend(1, at: now, credit: isAsking || !isFresh ? credit : 1) else {
            return (.refuse(retryAfter: Self.moment), question())
        }
        return (verdict, question())
    }

    private mutating func spend(_ count: Int, at now: Int64, credit: Int) -> Verdict? {
        if held >= count {
            held -= count
            return .go
        }
        if now < blockedUntil { return .refuse(retryAfter: blockedUntil - now) }
        guard count == 1, isFresh || credit > 1, debt < credit else { return nil }
        isFresh = false
        debt += 1
        return .go
    }

    /// What to ask now; nil where enough is at hand, an answer is awaited, or nothing can be had.
    private mutating func question() -> Question? {
        let isShort = held <= chunk / 2 || held < awaited
        guard !isAsking, debt > 0 || isShort && lastUsed >= blockedUntil else { return nil }
        isAsking = true
        defer { debt = 0 }
        asked = max(chunk, awaited - held)
        return Question(debt: debt, want: asked)
    }

    /// Redis has answered: those who waited, and their verdicts, and what to ask next.
    mutating func answered(
        given: Int, retryAfter: Int64, at now: Int64
    ) -> (settled: [(Waiter, Verdict)], question: Question?) {
        isAsking = false
        held += given
        if given == 0 { blockedUntil = now + retryAfter }
        let isExhausted = given < asked
        var settled: [(Waiter, Verdict)] = []
        while let count = waiters.first?.count, held >= count || isExhausted, let (waiter, _) = waiters.popFirst() {
            awaited -= count
            if held >= count {
                held -= count
                settled.append((waiter, .go))
            } else {
                let missing = Int64(Double(count - held - 1) * limit.interval)
                settled.append((waiter, .refuse(retryAfter: retryAfter + missing)))
            }
        }
        return (settled, waiters.isEmpty && debt == 0 ? nil : question())
    }

    /// Redis can't be asked: those who waited may go, since nothing is stored without Redis anyway.
    mutating func failed() -> [Waiter] {
        isAsking = false
        isFresh = true
        // Whoever has lost Redis' answer has lost count, too; with a debt this would never be forgotten.
        debt = 0
        awaited = 0
        return waiters.removeAll().map(\.waiter)
    }

    /// What to give back where nobody has asked for a while, and this can be forgotten; nil while it is in use.
    func surplus(at now: Int64, idle: Int64) -> Int? {
        guard !isAsking, waiters.isEmpty, debt == 0, now >= blockedUntil, now - lastUsed >= idle else { return nil }
        return held
    }
}
