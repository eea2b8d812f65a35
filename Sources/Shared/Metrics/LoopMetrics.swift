/// How busy an event loop is: its turns are measured from when epoll has returned to when it is asked again.
public enum LoopMetrics {
    /// From ten microseconds to a second.
    private static let bounds = [0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

    /// Measures a loop that doesn't run yet.
    public static func observe(_ loop: EventLoop, in registry: MetricsRegistry) {
        let labels = [("loop", String(loop.index))]
        let turns = registry.histogram(
            "parley_loop_turn_seconds",
            help: "Time of a loop's turn, in which it does all it has to; its sum is the busy time.",
            labels: labels, buckets: bounds)
        let longest = Gauge()
        registry.observe(
            "parley_loop_longest_turn_seconds", help: "The longest turn of the last one to two minutes.", labels: labels
        ) { Double(longest.value) / 1_000_000_000 }
        registry.observe(
            "parley_loop_mailbox", help: "What other threads have left for the loop and it hasn't taken.",
            labels: labels
        ) { [weak loop] in Double(loop?.waitingCount ?? 0) }
        var recent = RecentMaximum()
        loop.turnEnded = { nanoseconds, began in
            turns.observe(nanoseconds: nanoseconds)
            recent.note(nanoseconds, at: began)
            longest.set(Int(recent.value))
        }
    }
}

/// The highest number of the last one to two minutes. Pure.
struct RecentMaximum {
    /// Milliseconds.
    private static let span: Int64 = 60_000

    private var earlier: Int64 = 0
    private var present: Int64 = 0
    private var end: Int64 = 0

    var value: Int64 { max(earlier, present) }

    /// `now` in milliseconds of a clock that never goes back.
    mutating func note(_ number: Int64, at now: Int64) {
        if now >= end {
            earlier = now < end + Self.span ? present : 0
            present = 0
            end = now + Self.span
        }
        present = max(present, number)
    }
}
