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

    /// Redis uses so many bytes of so many; 0 of them is a Redis that doesn't tell its limit. Once a second.
    mutating func observe(used: Int64, of limit: Int64) {
        guard limit > 0 else { return }
        let share = used / max(1, limit / 100)
        if share >= Self.high {
            length = length / 2 < Self.shortest ? 0 : length / 2
        } else if share < Self.low, length < wanted {
            length = min(wanted, max(Self.shortest, 2 * length))
        }
    }

    /// What INFO's section on memory says: the bytes in use, and the limit, which is the machine's memory where Redis
    /// has none of its own.
    static func usage(_ info: String) -> (used: Int64, limit: Int64)? {
        var values: [Substring: Int64] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, let value = Int64(parts[1]) { values[parts[0]] = value }
        }
        guard let used = values["used_memory"] else { return nil }
        let own = values["maxmemory"] ?? 0
        return (used, own > 0 ? own : values["total_system_memory"] ?? 0)
    }
}
