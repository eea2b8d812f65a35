internal import Shared

/// Runs one piece of work against the deployment's Redis and PostgreSQL, once they are seen to belong together.
enum StoresClient {
    /// Milliseconds that connecting and each call may take.
    private static let timeout: Int64 = 30_000

    struct Stores {
        let redis: RedisConnection
        let postgres: PostgresPool
        let partitioning: Partitioning
    }

    static func run(
        _ environment: [String: String], _ work: @escaping (Stores) async throws -> Void
    ) throws(CommandFailure) {
        let deployment = try Deployment(environment)
        let (loop, config) = (deployment.loop, deployment.config)
        guard let endpoint = config.redisEndpoint else { throw .failed("PARLEY_REDIS_URL isn't one") }
        let redis = RedisConnection(endpoint, name: "parley-cli", timeout: timeout, on: loop)
        let postgres: PostgresPool
        do {
            postgres = try PostgresPool(
                url: config.databaseURL, name: "parley-cli", size: 1, timeout: timeout, on: loop)
        } catch {
            throw .failed("\(error)")
        }
        let stores = Stores(
            redis: redis, postgres: postgres, partitioning: Partitioning(count: config.partitions))
        var failure: String?
        loop.schedule(after: timeout) {
            do throws(RedisError) {
                try redis.requireReady()
            } catch {
                failure = "Redis at \(endpoint.host):\(endpoint.port): \(error)"
                loop.stop()
            }
        }
        loop.spawn {
            await redis.waitUntilReady()
            do {
                try await StoreFormat.check(partitions: config.partitions, redis: redis)
                try await StoreFormat.check(partitions: config.partitions, postgres: postgres)
                try await work(stores)
            } catch {
                failure = (error as? CommandFailure)?.message ?? "\(error)"
            }
            loop.stop()
        }
        redis.start()
        loop.run()
        if let failure { throw .failed(failure) }
    }
}
