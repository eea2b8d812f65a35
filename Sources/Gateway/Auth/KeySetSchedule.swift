/// When an issuer's key set is fetched again; times are monotonic milliseconds.
///
/// A token with a key that isn't known makes it fetch at once, since the issuer may have changed its keys, but strangers can
/// make up as many such tokens as they like: at most one fetch per `gap` follows from them.
struct KeySetSchedule {
    /// Milliseconds between two fetches, whatever asks for them.
    static let gap: Int64 = 10_000

    /// Milliseconds that a set is good for.
    let lifetime: Int64
    private var lastAttempt: Int64?
    private var lastSuccess: Int64?
    private(set) var isFetching = false

    init(lifetime: Int64) {
        self.lifetime = lifetime
    }

    /// Whether to fetch now, and if so, notes it; `isAsked` where a token's key isn't known.
    mutating func begin(at now: Int64, isAsked: Bool) -> Bool {
        guard !isFetching else { return false }
        if let lastAttempt, now - lastAttempt < Self.gap { return false }
        let isDue = lastSuccess.map { now - $0 >= lifetime } ?? true
        guard isAsked || isDue else { return false }
        isFetching = true
        lastAttempt = now
        return true
    }

    /// The fetch has ended; a failed one is repeated after the gap, and the old set is good meanwhile.
    mutating func end(at now: Int64, succeeded: Bool) {
        isFetching = false
        if succeeded { lastSuccess = now }
    }
}
