internal import Shared

/// Keeps the issuer's key set: fetches it from a file or by https, again when it is old or a token has a key that isn't in it.
///
/// Any thread may ask for the set. An old set stays in use while a new one can't be had.
final class KeySetKeeper: Sendable {
    enum Source: Sendable {
        case file(String)
        case url(String, authorities: String?)
    }

    /// A longer document is no key set, in bytes.
    private static let maximumBytes = 256 * 1_024

    private struct State {
        var set: JWKSet?
        var schedule: KeySetSchedule
        var waiters: [@Sendable () -> Void] = []
    }

    private let source: Source
    private let state: Locked<State>

    /// `lifetime` in milliseconds is how long a set is good for.
    init(_ source: Source, lifetime: Int64) {
        self.source = source
        state = Locked(State(schedule: KeySetSchedule(lifetime: lifetime)))
    }

    /// The present set; nil while there is none.
    var current: JWKSet? { state.withLock { $0.set } }

    /// Fetches where it is due, and looks each second whether it is.
    func start(on loop: EventLoop, log: Logger) {
        fetch(isAsked: false, log, on: loop)
        loop.scheduleRepeating(every: 1_000) { [self] in
            fetch(isAsked: false, log, on: loop)
            return true
        }
    }

    /// A token's key isn't known: returns once a fetch that this makes, or that is under way, has ended; at once where one has
    /// just been made.
    func refresh(on loop: EventLoop, log: Logger) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            fetch(isAsked: true, log, on: loop) { loop.post { continuation.resume() } }
        }
    }

    private func fetch(isAsked: Bool, _ log: Logger, on loop: EventLoop, then done: (@Sendable () -> Void)? = nil) {
        let (begins, waits) = state.withLock { state in
            let begins = state.schedule.begin(at: MonotonicClock.nowMilliseconds(), isAsked: isAsked)
            let waits = state.schedule.isFetching
            if waits, let done { state.waiters.append(done) }
            return (begins, waits)
        }
        if !waits { done?() }
        guard begins else { return }
        let reference = LoopReference(log, on: loop)
        BlockingPool.shared.run { [self] in
            finish(Self.read(source), reference)
        } whenFull: {
            finish(.failure(FetchFailure("too much waits for the blocking pool")), reference)
        }
    }

    private func finish(_ result: Result<JWKSet, FetchFailure>, _ log: LoopReference<Logger>) {
        let waiters = state.withLock { state in
            let set = try? result.get()
            if let set { state.set = set }
            state.schedule.end(at: MonotonicClock.nowMilliseconds(), succeeded: set != nil)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter() }
        if case .failure(let failure) = result {
            log.run { $0.warning("the key set can't be read", [.reason: .string(failure.reason)]) }
        }
    }

    /// Why a set can't be had.
    struct FetchFailure: Error {
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    /// Reads the set; blocks.
    static func read(_ source: Source) -> Result<JWKSet, FetchFailure> {
        let json: [UInt8]
        switch source {
        case .file(let path):
            guard let content = Process.readFile(path) else { return .failure(FetchFailure("the file can't be read")) }
            json = content
        case .url(let url, let authorities):
            do throws(FetchError) {
                json = try HTTPSFetch.get(url, authorities: authorities, limit: maximumBytes)
            } catch {
                return .failure(FetchFailure(error.description))
            }
        }
        do throws(JWKSetError) {
            return .success(try JWKSet(json: json))
        } catch {
            return .failure(FetchFailure(error.description))
        }
    }
}
