/// How often something may be done: a token bucket that holds `burst` and gains one every `interval`.
public struct RateLimit: Sendable, Equatable {
    /// Milliseconds in which the bucket gains one.
    public let interval: Double
    /// How much the bucket holds.
    public let burst: Int

    /// Makes a limit.
    public init(interval: Double, burst: Int) {
        self.interval = interval
        self.burst = burst
    }

    static let allowed = "a rate with a burst like 20/s:100, per s, m or h, or off"
    private static let most = 1_000_000
    private static let units: [Substring: Double] = ["s": 1_000, "m": 60_000, "h": 3_600_000]

    /// Reads `COUNT/UNIT:BURST`; nil for anything else.
    static func parse(_ text: String) -> RateLimit? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let rate = parts.first?.split(separator: "/", omittingEmptySubsequences: false) ?? []
        guard parts.count == 2, rate.count == 2, let unit = units[rate[1]],
            let count = Decimal.parse(Array(rate[0].utf8)), let burst = Decimal.parse(Array(parts[1].utf8)),
            (1...Int64(most)).contains(count), (1...Int64(most)).contains(burst)
        else { return nil }
        return RateLimit(interval: unit / Double(count), burst: Int(burst))
    }
}

extension Setting where Value == RateLimit? {
    /// A rate with a burst, or `off`.
    public static func rate(_ name: String, default text: String, _ help: String) -> Setting {
        .parsed(name, default: text, allowed: RateLimit.allowed, help) { text in
            text == "off" ? .some(nil) : RateLimit.parse(text).map { .some($0) }
        }
    }
}
