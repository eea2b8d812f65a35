/// A connection for commands: pipelined, in order, each with the same deadline.
///
/// Confined to its loop. What is called in one turn leaves in one write. A connection whose oldest command passed its
/// deadline is closed, and all commands under way fail: their outcome is unknown.
public final class RedisConnection {
    private struct Pending {
        /// Monotonic nanoseconds.
        let asked: Int64
        let completion: (Result<RedisReply, RedisError>) -> Void
    }

    /// The codes by which a Redis says that it isn't the master, or is cut off from it: the connection is closed, since behind
    /// the same name another one may be the master by now.
    public static let refusedElsewhere: Set<Substring> = ["READONLY", "MASTERDOWN"]

    private let transport: RedisTransport
    private let timeout: Int64
    private var pending = Queue<Pending>()
    private var watch: TimerID?
    private var readyObservers: [() -> Void] = []
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var lastFailure = RedisError.notConnected
    /// Counts how often the connection has become ready: what was found out about the server before holds for one of
    /// them.
    public private(set) var generation = 0

    /// Told with each answer how long it took in nanoseconds: from the turn in which the command was sent to that of its answer.
    public var answered: (Int64) -> Void = { _ in }

    /// Commands that were sent since the start.
    public private(set) var commandCount = 0

    /// The loop that the connection is confined to.
    public var loop: EventLoop { transport.loop }

    /// Makes a connection; `start()` opens it. `timeout` in milliseconds is each command's deadline.
    public init(_ endpoint: RedisEndpoint, name: String, timeout: Int64, on loop: EventLoop) {
        self.timeout = timeout
        transport = RedisTransport(endpoint, name: name, timeout: timeout, on: loop)
        transport.onReady = { [weak self] in
            guard let self else { return }
            generation += 1
            for observer in readyObservers { observer() }
            let resumed = waiters
            waiters = []
            for waiter in resumed { waiter.resume() }
        }
        transport.onReply = { [weak self] reply in self?.complete(reply) }
        transport.onLost = { [weak self] reason in
            guard let self else { return }
            lastFailure = reason
            fail(reason)
        }
    }

    /// Whether commands can be sent now.
    public var isReady: Bool { transport.isReady }

    /// Opens the connection and keeps it open from then on.
    public func start() { transport.start() }

    /// Closes the connection for good; commands under way fail.
    public func stop() { transport.stop() }

    /// Closes the connection, and opens it again: the name may lead elsewhere by now.
    public func reconnect() { transport.close(.connectionLost("it is opened anew")) }

    /// Calls `observer` each time the connection has become ready.
    public func onReady(_ observer: @escaping () -> Void) {
        readyObservers.append(observer)
    }

    /// Throws, while the connection isn't ready, what the last attempt failed for.
    public func requireReady() throws(RedisError) {
        guard isReady else { throw lastFailure }
    }

    /// Returns once the connection is ready.
    public func waitUntilReady() async {
        guard !isReady else { return }
        await withCheckedContinuation { waiters.append($0) }
    }

    /// Sends a command; `completion` gets its reply in the order of the commands. An error reply is `.refused`.
    public func send(_ command: RedisCommand, _ completion: @escaping (Result<RedisReply, RedisError>) -> Void) {
        guard isReady else { return completion(.failure(.notConnected)) }
        pending.append(Pending(asked: loop.turnStart, completion: completion))
        transport.write(command)
        commandCount += 1
        if watch == nil { watchOldest() }
    }

    /// Sends a command and waits for its reply.
    public func call(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        let result: Result<RedisReply, RedisError> = await withCheckedContinuation { continuation in
            send(command) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Sends a command of text arguments and waits for its reply.
    public func call(_ words: String...) async throws(RedisError) -> RedisReply {
        var command = RedisCommand()
        for word in words { command.add(word) }
        return try await call(command)
    }

    /// Sends several commands at once and waits for all replies; the first refusal is thrown.
    public func pipeline(_ commands: [RedisCommand]) async throws(RedisError) -> [RedisReply] {
        var replies: [RedisReply] = []
        for result in await results(of: commands) { replies.append(try result.get()) }
        return replies
    }

    /// Sends several commands at once and waits for what becomes of each.
    public func results(of commands: [RedisCommand]) async -> [Result<RedisReply, RedisError>] {
        guard !commands.isEmpty else { return [] }
        var results: [Result<RedisReply, RedisError>] = []
        results.reserveCapacity(commands.count)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            for command in commands {
                // The replies come in the order of the commands.
                send(command) { result in
                    results.append(result)
                    if results.count == commands.count { continuation.resume() }
                }
            }
        }
        return results
    }

    private func complete(_ reply: RedisReply) {
        guard let next = pending.popFirst() else {
            return transport.close(.unexpectedReply("a reply without a command"))
        }
        answered(loop.turnStart - next.asked)
        if case .error(let text) = reply {
            let error = RedisError.refused(text)
            next.completion(.failure(error))
            if let code = error.code, Self.refusedElsewhere.contains(code) {
                transport.close(.connectionLost(text))
            }
        } else {
            next.completion(.success(reply))
        }
    }

    private func fail(_ reason: RedisError) {
        let lost: RedisError = reason == .notConnected ? .connectionLost("stopped") : reason
        for command in pending.removeAll() { command.completion(.failure(lost)) }
    }

    /// Monotonic milliseconds.
    private func deadline(of command: Pending) -> Int64 { command.asked / 1_000_000 + timeout }

    private func watchOldest() {
        guard let oldest = pending.first else {
            watch = nil
            return
        }
        watch = loop.schedule(after: max(1, deadline(of: oldest) - loop.now)) { [weak self] in
            guard let self else { return }
            if let first = pending.first, deadline(of: first) <= loop.now { transport.close(.timeout) }
            watchOldest()
        }
    }
}
