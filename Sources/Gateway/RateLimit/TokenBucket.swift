internal import Shared

/// A bucket of one loop alone; times are monotonic milliseconds.
struct TokenBucket {
    private let limit: RateLimit
    /// When it is full again (generic cell rate algorithm).
    private var full: Double = -.infinity

    init(_ limit: RateLimit) {
        self.limit = limit
    }

    /// Takes one; otherwise after how many milliseconds there is one.
    mutating func take(at now: Int64) -> Int64? {
        let next = max(full, Double(now)) + limit.interval
        let wait = next - Double(now) - Double(limit.burst) * limit.interval
        // A thousandth of a millisecond is rounding.
        if wait > 0.001 { return max(1, Int64(wait.rounded(.up))) }
        full = next
        return nil
    }
}
