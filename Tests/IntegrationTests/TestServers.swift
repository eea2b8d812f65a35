import Shared
import Testing

/// The servers that scripts/test has started; a test that finds none fails and says so.
enum TestServers {
    /// Where Redis is, with a database of the caller's own.
    static func redis(database: Int) throws -> RedisEndpoint {
        let url = try #require(
            ProcessEnvironment.variables["PARLEY_TEST_REDIS_URL"],
            "PARLEY_TEST_REDIS_URL is not set: scripts/test integration starts the servers")
        var endpoint = try #require(RedisEndpoint(url: url))
        endpoint.database = database
        return endpoint
    }

    /// Where PostgreSQL is, as a user who may create databases.
    static var postgresURL: String {
        get throws {
            try #require(
                ProcessEnvironment.variables["PARLEY_TEST_DATABASE_URL"],
                "PARLEY_TEST_DATABASE_URL is not set: scripts/test integration starts the servers")
        }
    }

    /// Redis' databases that no test uses at present: suites run side by side.
    private static let freeDatabases = Locked<Set<Int>>(Set(0..<16))

    static func takeDatabase() -> Int? { freeDatabases.withLock { $0.popFirst() } }

    static func giveBack(_ database: Int) { _ = freeDatabases.withLock { $0.insert(database) } }
}

/// Runs async work on an event loop of its own, and stops the loop behind it.
func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
    let loop = try EventLoop()
    let thread = LoopThread(loop) {}
    let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
        loop.post {
            loop.spawn {
                do {
                    continuation.resume(returning: .success(try await body(loop)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
                loop.stop()
            }
        }
    }
    thread.join()
    return try result.get()
}

/// Waits for a condition, with a deadline in milliseconds.
func eventually(
    _ loop: EventLoop, within milliseconds: Int64 = 20_000, _ condition: () async throws -> Bool
) async throws -> Bool {
    let deadline = MonotonicClock.nowMilliseconds() + milliseconds
    while MonotonicClock.nowMilliseconds() < deadline {
        if try await condition() { return true }
        await loop.sleep(milliseconds: 10)
    }
    return false
}

/// An empty database of Redis of the caller's own, and a connection to it.
func withRedis<Value>(
    _ loop: EventLoop, _ body: (_ redis: RedisConnection, _ endpoint: RedisEndpoint) async throws -> Value
) async throws -> Value {
    var taken = TestServers.takeDatabase()
    while taken == nil {
        await loop.sleep(milliseconds: 10)
        taken = TestServers.takeDatabase()
    }
    let database = try #require(taken)
    defer { TestServers.giveBack(database) }
    let endpoint = try TestServers.redis(database: database)
    let redis = RedisConnection(endpoint, name: "test", timeout: 10_000, on: loop)
    redis.start()
    defer { redis.stop() }
    await redis.waitUntilReady()
    _ = try await redis.call("FLUSHDB")
    return try await body(redis, endpoint)
}

/// A new database of PostgreSQL; it is dropped when the work is done.
func withDatabase<Value>(
    _ loop: EventLoop, migrated: Bool = true, _ body: (_ url: String, _ pool: PostgresPool) async throws -> Value
) async throws -> Value {
    let server = try TestServers.postgresURL
    let admin = try PostgresPool(url: server, name: "test", size: 1, timeout: 20_000, on: loop)
    let name = "test_" + UUID.random().description.replacing("-", with: "")
    _ = try await admin.query("create database \(name)")
    let url = server.prefix(through: try #require(server.lastIndex(of: "/"))) + name
    let pool = try PostgresPool(url: String(url), name: "test", size: 4, timeout: 10_000, on: loop)
    defer { admin.stop() }
    do {
        if migrated { try await Migrator.migrate(pool) }
        let value = try await body(String(url), pool)
        pool.stop()
        _ = try await admin.query("drop database \(name) with (force)")
        return value
    } catch {
        pool.stop()
        _ = try? await admin.query("drop database \(name) with (force)")
        throw error
    }
}
