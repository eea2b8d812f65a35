internal import Glibc

/// The time of day.
public enum WallClock {
    /// Milliseconds since the Unix epoch (CLOCK_REALTIME); it may jump.
    public static func nowMilliseconds() -> Int64 { readClock(CLOCK_REALTIME) / 1_000_000 }
}

/// A clock that never jumps.
public enum MonotonicClock {
    /// Milliseconds since an arbitrary moment (CLOCK_MONOTONIC).
    public static func nowMilliseconds() -> Int64 { readClock(CLOCK_MONOTONIC) / 1_000_000 }

    /// Nanoseconds since the same moment.
    public static func nowNanoseconds() -> Int64 { readClock(CLOCK_MONOTONIC) }
}

/// Nanoseconds.
private func readClock(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
