import Shared
import Testing

@testable import Persister

/// A persister that a test runs, and what it works on.
enum PersisterBench {
    static let partitions = 16

    /// A running persister on a loop of its own.
    struct Running {
        let thread: LoopThread
        let persister: LoopReference<Persister>
        let metrics: PersisterMetrics

        /// Ends it as `kill -9` would: nothing is given back.
        func kill() {
            thread.loop.post { thread.loop.stop() }
            thread.join()
        }

        func stop() {
            persister.post { persister in persister.stop { thread.loop.stop() } }
            thread.join()
        }
    }

    static func start(
        _ id: String, redis: RedisEndpoint, url: String, _ more: [String: String] = [:]
    ) throws -> Running {
        let database = redis.database
        let settings = [
            "PARLEY_REDIS_URL": "redis://\(redis.host):\(redis.port)/\(database)", "PARLEY_DATABASE_URL": url,
            "PARLEY_PARTITIONS": "\(partitions)", "PARLEY_LEASE": "3s", "PARLEY_DATABASE_TIMEOUT": "2s",
            "PARLEY_BATCH_ROWS": "500", "PARLEY_LOG_LEVEL": "error", "PARLEY_CACHE_EVENTS": "100",
            "PARLEY_REPLAY_KEEP": "0s",
        ]
        let config = try PersisterConfig.read(environment: settings.merging(more) { $1 })
        let metrics = PersisterMetrics(MetricsRegistry())
        let loop = try EventLoop()
        let persister = try Persister(config, id: id, endpoint: redis, metrics: metrics, loop: loop)
        let reference = LoopReference(persister, on: loop)
        let thread = LoopThread(loop) {
            reference.run { $0.start { reason in Issue.record("\(reason)") } }
        }
        return Running(thread: thread, persister: reference, metrics: metrics)
    }

    static func count(_ pool: PostgresPool, _ condition: String = "true") async -> Int64 {
        (try? await pool.query("select count(*) from messages where \(condition)").rows.first?.integer(0)) ?? -1
    }

    /// Works with an empty Redis, an empty database and their addresses.
    static func withStores(
        _ body:
            @escaping @Sendable (EventLoop, RedisConnection, RedisEndpoint, PostgresPool, String) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                try await withDatabase(loop) { url, pool in try await body(loop, redis, endpoint, pool, url) }
            }
        }
    }
}
