/// Connections that callers share, one at a time each; opened when they are needed, up to a bound.
///
/// Confined to its loop. While PostgreSQL is away calls fail at once but for one per back-off interval, which tries. While
/// it only takes no more connections, the callers share those that there are.
public final class PostgresPool {
    private struct Waiter {
        let deadline: Int64
        let completion: (Result<PostgresConnection, PostgresError>) -> Void
    }

    /// The first and the longest pause between attempts to connect, in milliseconds; each is jittered.
    private static let firstBackoff: Int64 = 50
    private static let longestBackoff: Int64 = 2_000

    private let endpoint: PostgresEndpoint
    private let size: Int
    private let timeout: Int64
    private let maximumWaiting: Int
    private let loop: EventLoop
    private var idle: [PostgresConnection] = []
    private var openCount = 0
    private var waiting = Queue<Waiter>()
    private var failures = 0
    private var retryAt: Int64 = 0
    /// Why no connection could be opened last time.
    private var lastFailure = PostgresError.notConnected
    private var isStopped = false

    /// Makes a pool for a `postgresql://` URL; `timeout` in milliseconds is the deadline of connecting and of each query.
    public init(
        url: String, name: String, size: Int, timeout: Int64, maximumWaiting: Int = 1_024, on loop: EventLoop
    ) throws(PostgresError) {
        endpoint = try PostgresEndpoint(url: url, name: name)
        self.size = size
        self.timeout = timeout
        self.maximumWaiting = maximumWaiting
        self.loop = loop
        loop.scheduleRepeating(every: 250) { [weak self] in
            self?.expire()
            return self?.isStopped == false
        }
    }

    /// Closes the connections: those in use when their query or transaction has ended. No other query is taken.
    public func stop() {
        isStopped = true
        for connection in idle { connection.close(.notConnected) }
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
        while let connection = idle.popLast() {
            if connection.isReady { return connection }
        }
        return nil
    }

    /// Opens a connection that `openCount` has in it already.
    private func open() async throws(PostgresError) -> PostgresConnection {
        let connection = PostgresConnection(timeout: timeout, on: loop)
        do throws(PostgresError) {
            try await connection.open(endpoint)
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
        connection.onClosed = { [weak self, weak connection] in
            guard let self else { return }
            idle.removeAll { $0 === connection }
            connectionEnded()
        }
        return connection
    }

    private func release(_ connection: PostgresConnection) {
        guard connection.isReady else { return }
        guard !isStopped else { return connection.close(.notConnected) }
        if let waiter = waiting.popFirst() {
            waiter.completion(.success(connection))
        } else {
            idle.append(connection)
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

    private func expire() {
        while let first = waiting.first, first.deadline <= loop.now {
            _ = waiting.popFirst()
            first.completion(.failure(.busy))
        }
    }
}
