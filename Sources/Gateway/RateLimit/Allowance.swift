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
    private var waiters = Queue<Waiter>()

    init(_ limit: RateLimit) {
        self.limit = limit
        chunk = max(1, min(limit.burst / Self.share, Self.mostAtOnce))
    }

    /// Asks for one. A waiter is kept where the verdict is `wait`, and comes out of `answered` or `failed`.
    mutating func take(_ waiter: Waiter, at now: Int64) -> (Verdict, Question?) {
        lastUsed = now
        if waiters.isEmpty, let verdict = spend(at: now, credit: 1) { return (verdict, question()) }
        waiters.append(waiter)
        return (.wait, question())
    }

    /// Asks for one that can't wait: a tenth of the bucket may be spent ahead of Redis' answer.
    mutating func takeAtOnce(at now: Int64) -> (Verdict, Question?) {
        lastUsed = now
        let credit = max(1, limit.burst / 10)
        guard let verdict = spend(at: now, credit: isAsking || !isFresh ? credit : 1) else {
            return (.refuse(retryAfter: Self.moment), question())
        }
        return (verdict, question())
    }

    private mutating func spend(at now: Int64, credit: Int) -> Verdict? {
        if held > 0 {
            held -= 1
            return .go
        }
        if now < blockedUntil { return .refuse(retryAfter: blockedUntil - now) }
        guard isFresh || credit > 1, debt < credit else { return nil }
        isFresh = false
        debt += 1
        return .go
    }

    /// What to ask now; nil where enough is at hand, an answer is awaited, or nothing can be had.
    private mutating func question() -> Question? {
        guard !isAsking, debt > 0 || held <= chunk / 2 && lastUsed >= blockedUntil else { return nil }
        isAsking = true
        defer { debt = 0 }
        return Question(debt: debt, want: max(chunk, waiters.count))
    }

    /// Redis has answered: those who waited, and their verdicts, and what to ask next.
    mutating func answered(
        given: Int, retryAfter: Int64, at now: Int64
    ) -> (settled: [(Waiter, Verdict)], question: Question?) {
        isAsking = false
        held += given
        if given == 0 { blockedUntil = now + retryAfter }
        var settled: [(Waiter, Verdict)] = []
        while !waiters.isEmpty, held > 0 || given == 0, let waiter = waiters.popFirst() {
            if held > 0 {
                held -= 1
                settled.append((waiter, .go))
            } else {
                settled.append((waiter, .refuse(retryAfter: retryAfter)))
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
        return waiters.removeAll()
    }

    /// What to give back where nobody has asked for a while, and this can be forgotten; nil while it is in use.
    func surplus(at now: Int64, idle: Int64) -> Int? {
        guard !isAsking, waiters.isEmpty, debt == 0, now >= blockedUntil, now - lastUsed >= idle else { return nil }
        return held
    }
}
