/// When a heart-beat is due, and when the client's are missed (STOMP 1.2, "Heart-beating"). All times are monotonic ms.
///
/// Lenient on purpose: a hidden tab of Chrome runs its timers once a minute. Whatever arrives counts, a WebSocket pong too.
struct HeartBeatMonitor {
    enum Verdict: Equatable {
        /// Nothing to do before this time.
        case fine(Int64)
        case sendHeartBeat
        case missed
    }

    /// So many promised intervals may pass in silence.
    private static let patience: Int64 = 3
    /// Connections are looked at by the second, so up to so many ms after they should be: one for the wheel's slots, one for its
    /// turns, and a little for the loop's other work.
    static let lateness: Int64 = 2_250
    /// Silence shorter than this (ms) is never held against a client.
    static let leastSilence: Int64 = 75_000

    private let sendAfter: Int64
    private let missedAfter: Int64
    private var lastSent: Int64?
    private var lastReceived: Int64?

    /// Intervals in milliseconds, 0 for none. Ours is beaten a quarter early, since networks are late, and early enough for the
    /// beat to leave in time however late the look at the connection is.
    init(sendEvery: Int64, expectEvery: Int64) {
        sendAfter = sendEvery > 0 ? max(1, sendEvery - max(sendEvery / 4, Self.lateness)) : 0
        let (silence, overflows) = expectEvery.multipliedReportingOverflow(by: Self.patience)
        missedAfter = expectEvery > 0 && !overflows ? max(silence, Self.leastSilence) : 0
    }

    /// Something was written to the client.
    mutating func sent(at now: Int64) { lastSent = now }

    /// Something came from the client.
    mutating func received(at now: Int64) { lastReceived = now }

    /// Judges by the clock; the first look starts the intervals where nothing was sent or received before.
    mutating func check(_ now: Int64) -> Verdict {
        let sent = lastSent ?? now
        let received = lastReceived ?? now
        lastSent = sent
        lastReceived = received
        let missedAt = missedAfter > 0 ? received + missedAfter : .max
        let sendAt = sendAfter > 0 ? sent + sendAfter : .max
        if now > missedAt { return .missed }
        if now >= sendAt { return .sendHeartBeat }
        return .fine(min(sendAt, missedAt == .max ? .max : missedAt + 1))
    }
}
