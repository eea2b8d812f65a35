internal import Shared

/// How long committed entries are kept at present: as long as is wanted, or less while Redis' memory is short, since
/// they are what can go first. It does no I/O.
struct ReplayWindow {
    /// The shares of Redis' memory, in hundredths, above which the window shrinks, and below which it grows again.
    /// Gateways refuse messages only when less is left.
    private static let high = 70
    private static let low = 60
    /// A window shorter than this (ms) is none, and one that grows begins with it.
    private static let shortest: Int64 = 1_000

    private let wanted: Int64
    /// Milliseconds.
    private(set) var length: Int64

    /// `wanted` in milliseconds.
    init(wanted: Int64) {
        self.wanted = wanted
        length = wanted
    }

    /// Redis' memory is looked at, once a second.
    mutating func observe(_ memory: RedisMemory) {
        guard memory.limit > 0 else { return }
        let share = memory.used / max(1, memory.limit / 100)
        if share >= Self.high {
            length = length / 2 < Self.shortest ? 0 : length / 2
        } else if share < Self.low, length < wanted {
            length = min(wanted, max(Self.shortest, 2 * length))
        }
    }
}
