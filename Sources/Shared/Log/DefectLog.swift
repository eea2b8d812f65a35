internal import Glibc
internal import Synchronization

extension Defect {
    /// Writes each defect as a log line of the level `error`, like those of `Logger`; at most one each second, which says how many
    /// there were, since a defect may come back with every turn.
    public static func log(format: LogFormat, base: [(LogKey, LogValue)]) {
        let logger = Locked(Confined(Logger(level: .error, format: format, base: base)))
        let lastLine = Atomic<Int64>(.min)
        observe { defect in
            let now = MonotonicClock.nowMilliseconds()
            let last = lastLine.load(ordering: .relaxed)
            guard last == .min || now - last >= 1_000,
                lastLine.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
            else { return }
            logger.withLock { logger in
                logger.value.error(
                    "defect",
                    [
                        .reason: .string(defect.what.description),
                        .error: .string(defect.number == 0 ? "-" : String(cString: strerror(defect.number))),
                        .descriptor: .number(defect.descriptor), .count: .number(Defect.count),
                    ])
                logger.value.flush()
            }
        }
    }
}
