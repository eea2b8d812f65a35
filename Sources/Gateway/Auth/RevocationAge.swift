internal import Shared

/// Which revocations are so old that no token can be that they are about.
///
/// Revocations have their seconds from Redis' clock, and what a sweep takes out comes never back: one clock that is ahead
/// while it sweeps mustn't be enough. Pure.
struct RevocationAge {
    /// Seconds by which both clocks may differ.
    private static let tolerance: Int64 = 60

    /// The second that Redis' clock said.
    let redis: Int64
    /// The second that the node's clock says.
    let own: Int64
    /// Where Redis' clock has gone back.
    let jumps: ClockJumps

    /// The second up to which revocations go that are needed for so many seconds; nil where the clocks disagree.
    func end(ofThoseNeededFor life: Int64) -> Int64? {
        guard abs(redis - own) <= Self.tolerance else { return nil }
        let end = min(redis, own) - max(0, life)
        // Of a time that the clock went through twice, nobody knows whether it was so long ago.
        let start = jumps.start(of: EventID(at: max(0, end) * 1_000))
        return min(end, start.milliseconds / 1_000)
    }
}
