internal import Shared

/// Runs one piece of work against the deployment's Redis.
enum RedisClient {
    /// Milliseconds that connecting and each call may take.
    private static let timeout: Int64 = 5_000

    static func run(
        _ environment: [String: String],
        _ work: @escaping @Sendable (RedisConnection) async throws(RedisError) -> [String]
    ) throws(CommandFailure) -> [String] {
        let deployment = try Deployment(environment)
        let loop = deployment.loop
        guard let endpoint = deployment.config.redisEndpoint else { throw .failed("PARLEY_REDIS_URL isn't one") }
        let redis = RedisConnection(endpoint, name: "parley-cli", timeout: timeout, on: loop)
        var result: Result<[String], RedisError> = .failure(.notConnected)
        loop.schedule(after: timeout) {
            do throws(RedisError) { try redis.requireReady() } catch { result = .failure(error) }
            loop.stop()
        }
        loop.spawn {
            await redis.waitUntilReady()
            do throws(RedisError) {
                result = .success(try await work(redis))
            } catch {
                result = .failure(error)
            }
            loop.stop()
        }
        redis.start()
        loop.run()
        switch result {
        case .success(let lines): return lines
        case .failure(let error): throw .failed("Redis at \(endpoint.host):\(endpoint.port): \(error)")
        }
    }
}
