/// Connections that callers share, one at a time each; opened when they are needed, up to a bound.
///
/// Confined to its loop. While PostgreSQL is away calls fail at once but for one per back-off interval, which tries.
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

    /// Closes all connections; queries under way fail.
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
        while let connection = idle.popLast() {
            if connection.isReady { return connection }
        }
        guard !isStopped else { throw .notConnected }
        if openCount < size { return try await open() }
        guard waiting.count < maximumWaiting else { throw .busy }
        let result: Confined<Result<PostgresConnection, PostgresError>> = await withCheckedContinuation {
            continuation in
            let deadline = loop.now + timeout
            waiting.append(Waiter(deadline: deadline) { continuation.resume(returning: Confined($0)) })
        }
        return try result.value.get()
    }

    private func open() async throws(PostgresError) -> PostgresConnection {
        guard loop.now >= retryAt else { throw .notConnected }
        openCount += 1
        let connection = PostgresConnection(timeout: timeout, on: loop)
        do throws(PostgresError) {
            try await connection.open(endpoint)
        } catch {
            openCount -= 1
            let bound = min(Self.longestBackoff, Self.firstBackoff << Int64(min(failures, 10)))
            failures += 1
            retryAt = loop.now + Int64.random(in: bound / 2...bound)
            // Those who wait for a connection would wait in vain.
            for waiter in waiting.removeAll() { waiter.completion(.failure(error)) }
            throw error
        }
        failures = 0
        connection.onClosed = { [weak self, weak connection] in
            guard let self else { return }
            openCount -= 1
            idle.removeAll { $0 === connection }
            admitWaiter()
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

    /// A connection has ended: the first who waits may open another.
    private func admitWaiter() {
        guard !isStopped, openCount < size, let waiter = waiting.popFirst() else { return }
        loop.spawn {
            do throws(PostgresError) {
                waiter.completion(.success(try await self.open()))
            } catch {
                waiter.completion(.failure(error))
            }
        }
    }

    private func expire() {
        while let first = waiting.first, first.deadline <= loop.now {
            _ = waiting.popFirst()
            first.completion(.failure(.timeout))
        }
    }
}
