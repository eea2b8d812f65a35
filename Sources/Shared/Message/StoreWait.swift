/// Which store keeps a process from starting, why, and when to say so: a machine without I/O.
///
/// A store that takes a connection and stays silent throws no error before its deadline, so an operator is told by the
/// clock, not by the attempts.
struct StoreWait {
    /// A store, as its setting names it.
    enum Store {
        case redis
        case database
    }

    /// Milliseconds until it is told for the first time, and from then on between two times.
    private static let patience: Int64 = 1_500
    private static let interval: Int64 = 5_000

    /// Whom the present attempt asks.
    private var asked = Store.redis
    /// Who has to answer before there is any progress.
    private var missing = Store.redis
    private var failure: String?
    private var due: Int64

    /// Begins to wait; times are monotonic milliseconds.
    init(at now: Int64) {
        due = now + Self.patience
    }

    /// An attempt asks a store. PostgreSQL is asked once Redis has answered.
    mutating func asks(_ store: Store) {
        asked = store
        guard store == .database, missing == .redis else { return }
        missing = .database
        failure = nil
    }

    /// The store that was asked last failed.
    mutating func failed(_ error: any Error) {
        missing = asked
        failure = Self.isUntried(error) ? nil : "\(error)"
    }

    /// What to tell the operator now; nil where it isn't time.
    mutating func problem(at now: Int64) -> String? {
        guard now >= due else { return nil }
        due = now + Self.interval
        let setting = missing == .redis ? CommonSettings.redisURL.declaration : CommonSettings.databaseURL.declaration
        return "\(setting.variable): \(failure ?? "no answer yet")"
    }

    /// Before the first attempt to connect has ended there is nothing to say about it.
    private static func isUntried(_ error: any Error) -> Bool {
        error as? RedisError == .notConnected || error as? PostgresError == .notConnected
    }
}

/// Tells an operator which store a process waits for while it starts. Confined to its loop.
public final class StoreWatch {
    /// Milliseconds between two looks at the clock.
    private static let interval: Int64 = 250

    private var wait: StoreWait
    private var isOver = false

    /// Begins to wait.
    public init(_ log: Logger, on loop: EventLoop) {
        wait = StoreWait(at: loop.now)
        loop.scheduleRepeating(every: Self.interval) { [weak self] in
            guard let self, !isOver else { return false }
            if let problem = wait.problem(at: loop.now) {
                log.warning("waiting for the stores", [.reason: .string(problem)])
            }
            return true
        }
    }

    /// From here on Redis is asked.
    public func asksRedis() { wait.asks(.redis) }

    /// From here on PostgreSQL is asked.
    public func asksDatabase() { wait.asks(.database) }

    /// The store that is asked has failed.
    public func failed(_ error: any Error) { wait.failed(error) }

    /// Both have answered.
    public func end() { isOver = true }
}
