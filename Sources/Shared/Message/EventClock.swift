/// Event ids: milliseconds since 2025 times 4096 plus twelve random bits, below 2^53 so that JavaScript reads them exactly.
public enum EventClock {
    /// 2025-01-01T00:00:00Z in milliseconds since the Unix epoch.
    public static let epoch: Int64 = 1_735_689_600_000
    /// Ids per millisecond.
    public static let idsPerMillisecond: Int64 = 4096
    /// The highest id is one less than this.
    public static let limit: Int64 = 1 << 53

    /// The time that an id carries, in milliseconds since the Unix epoch.
    public static func milliseconds(of id: Int64) -> Int64 { id / idsPerMillisecond + epoch }
}
