/// Connections that callers share, one at a time each; opened when they are needed, up to a bound.
///
/// Confined to its loop. While PostgreSQL is away calls fail at once but for one per back-off interval, which tries. While
/// it only takes no more connections, the callers share those that there are.
public final class PostgresPool {
    private struct Idle {
        let connection: PostgresConnection
        let since: Int64
    }

    private struct Waiter {
        let deadline: Int64
        let completion: (Result<PostgresConnection, PostgresError>) -> Void
    }

    /// The first and the longest pause between attempts to connect, in milliseconds; each is jittered.
    private static let firstBackoff: Int64 = 50
    private static let longestBackoff: Int64 = 2_000

    private let endpoint: PostgresEndpoint
    private let size: Int
    private let kept: Int
    private let timeout: Int64
    private let deadlines: PostgresDeadlines
    private let longestIdle: Int64
    private let longestLife: Int64
    private let maximumWaiting: Int
    private let loop: EventLoop
    /// The one that was used last is the first to be used again, so that those that aren't needed stay idle.
    private var idle: [Idle] = []
    /// The number of the server that was reached last.
    private var server = 0
    private var openCount = 0
    private var waiting = Queue<Waiter>()
    private var failures = 0
    private var retryAt: Int64 = 0
    /// Why no connection could be opened last time.
    private var lastFailure = PostgresError.notConnected
    private var isStopped = false
    /// Told with each answer how long it took in nanoseconds: from the turn in which the query was sent to that of its answer.
    public var answered: (Int64) -> Void = { _ in }

    /// Makes a pool for a `postgresql://` URL; `timeout` in milliseconds is the deadline of connecting, of waiting for a
    /// connection and, as `purpose` needs it, of each query. Beyond `kept`, a connection that has been idle for `longestIdle` is
    /// closed, and each one after `longestLife` (up to a half earlier, so that they don't all end at once): what a backend gathers
    /// goes, and load moves with the servers.
    public init(
        url: String, name: String, size: Int, kept: Int = 1, for purpose: PostgresPurpose = .query, timeout: Int64,
        maximumWaiting: Int = 1_024, longestIdle: Int64 = 30_000, longestLife: Int64 = 1_800_000, on loop: EventLoop
    ) throws(PostgresError) {
        endpoint = try PostgresEndpoint(url: url, name: name)
        self.size = size
        self.kept = kept
        self.timeout = timeout
        deadlines = PostgresDeadlines(purpose, timeout: timeout)
        self.maximumWaiting = maximumWaiting
        self.longestIdle = longestIdle
        self.longestLife = longestLife
        self.loop = loop
        loop.scheduleRepeating(every: 250) { [weak self] in
            self?.expire()
            self?.shrink()
            return self?.isStopped == false
        }
    }

    /// Closes the connections: those in use when their query or transaction has ended. No other query is taken.
    public func stop() {
        isStopped = true
        for entry in idle { entry.connection.close(.notConnected) }
        idle = []
        for waiter in waiting.removeAll() { waiter.completion(.failure(.notConnected)) }
    }

    /// Runs one query.
    public func query(
        _ sql: String, _ parameters: [PostgresValue] = []
    ) async throws(PostgresError) -> PostgresResult {
        let connection = try await acquire()
        do throws(PostgresError) {
            let result = try await connection.query(sql, parameters)
            release(connection)
            return result
        } catch {
            release(connection)
            throw error
        }
    }

    /// Runs `body` in a transaction: it is committed when the body returns, and rolled back when it throws.
    public func transaction<Value>(
        _ body: (PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let connection = try await acquire()
        do throws(PostgresError) {
            _ = try await connection.query("begin")
            let value = try await body(connection)
            // A body that went on after a failure has nothing to commit.
            guard !connection.isTransactionFailed else { throw .rolledBack }
            _ = try await connection.query("commit")
            release(connection)
            return value
        } catch {
            // A connection that can't even roll back is closed by it.
            if connection.isReady { _ = try? await connection.query("rollback") }
            release(connection)
            throw error
        }
    }

    /// Opens a connection of the caller's own, for work of another kind; who takes it closes it.
    func openOwn(for purpose: PostgresPurpose) async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(
            PostgresDeadlines(purpose, timeout: timeout), connectTimeout: timeout, on: loop)
        server = try await connection.open(endpoint, first: server)
        return connection
    }

    /// Runs `body` on a connection that is opened for it, and closed behind it: long work takes none of the pool's.
    public func onOwnConnection<Value>(
        for purpose: PostgresPurpose, _ body: (PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        let connection = try await openOwn(for: purpose)
        defer { connection.close(.notConnected) }
        return try await body(connection)
    }

    // MARK: Connections

    private func acquire() async throws(PostgresError) -> PostgresConnection {
        guard !isStopped else { throw .notConnected }
        if let connection = takeIdle() { return connection }
        if openCount < size, loop.now >= retryAt {
            openCount += 1
            do throws(PostgresError) {
                return try await open()
            } catch {
                if let connection = takeIdle() { return connection }
            }
        }
        // Without any connection nobody would ever be served.
        guard openCount > 0 else { throw lastFailure }
        guard waiting.count < maximumWaiting else { throw .busy }
        let result: Confined<Result<PostgresConnection, PostgresError>> = await withCheckedContinuation {
            continuation in
            let deadline = loop.now + timeout
            waiting.append(Waiter(deadline: deadline) { continuation.resume(returning: Confined($0)) })
        }
        return try result.value.get()
    }

    private func takeIdle() -> PostgresConnection? {
        while let entry = idle.popLast() {
            if entry.connection.isReady { return entry.connection }
        }
        return nil
    }

    /// Opens a connection that `openCount` has in it already.
    private func open() async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(deadlines, connectTimeout: timeout, on: loop)
        do throws(PostgresError) {
            server = try await connection.open(endpoint, first: server)
        } catch {
            let bound = min(Self.longestBackoff, Self.firstBackoff << Int64(min(failures, 10)))
            failures += 1
            retryAt = loop.now + Int64.random(in: bound / 2...bound)
            if case .connectionLost(let reason) = error {
                lastFailure = .unreachable(reason)
            } else {
                lastFailure = .unreachable(error.description)
            }
            connectionEnded()
            throw lastFailure
        }
        failures = 0
        connection.endsAt = loop.now + Int64.random(in: longestLife / 2...longestLife)
        connection.answered = answered
        connection.onClosed = { [weak self, weak connection] in
            guard let self else { return }
            idle.removeAll { $0.connection === connection }
            connectionEnded()
        }
        return connection
    }

    private func release(_ connection: PostgresConnection) {
        guard connection.isReady else { return }
        guard !isStopped, !isOld(connection) else { return connection.close(.notConnected) }
        if let waiter = waiting.popFirst() {
            waiter.completion(.success(connection))
        } else {
            idle.append(Idle(connection: connection, since: loop.now))
        }
    }

    /// There is one fewer: another is opened for those who wait; where that has just failed and none is left, they would
    /// wait in vain.
    private func connectionEnded() {
        openCount -= 1
        guard !isStopped, !waiting.isEmpty else { return }
        guard loop.now >= retryAt else {
            if openCount == 0 { for waiter in waiting.removeAll() { waiter.completion(.failure(lastFailure)) } }
            return
        }
        openCount += 1
        loop.spawn {
            guard let connection = try? await self.open() else { return }
            self.release(connection)
        }
    }

    private func isOld(_ connection: PostgresConnection) -> Bool { loop.now >= connection.endsAt }

    /// Closes what has lived long enough, and one that hasn't been needed lately: not all at once.
    private func shrink() {
        for entry in idle where isOld(entry.connection) { entry.connection.close(.notConnected) }
        if openCount > kept, let first = idle.first, loop.now - first.since >= longestIdle {
            first.connection.close(.notConnected)
        }
    }

    private func expire() {
        while let first = waiting.first, first.deadline <= loop.now {
            _ = waiting.popFirst()
            first.completion(.failure(.busy))
        }
    }
}
