internal import Shared

/// A bucket of one loop alone; times are monotonic milliseconds.
struct TokenBucket {
    private let limit: RateLimit
    /// When it is full again (generic cell rate algorithm).
    private var full: Double = -.infinity

    init(_ limit: RateLimit) {
        self.limit = limit
    }

    /// After how many milliseconds there is one; nil where there is one now.
    func wait(at now: Int64) -> Int64? {
        let wait = next(at: now) - Double(now) - Double(limit.burst) * limit.interval
        // A thousandth of a millisecond is rounding.
        return wait > 0.001 ? max(1, Int64(wait.rounded(.up))) : nil
    }

    /// Takes one; otherwise after how many milliseconds there is one.
    mutating func take(at now: Int64) -> Int64? {
        if let wait = wait(at: now) { return wait }
        full = next(at: now)
        return nil
    }

    /// When it is full again behind one that is taken now.
    private func next(at now: Int64) -> Double { max(full, Double(now)) + limit.interval }
}
