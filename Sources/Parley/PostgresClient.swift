internal import Shared

/// Runs one piece of work against the deployment's PostgreSQL.
enum PostgresClient {
    /// Milliseconds that connecting and each query may take.
    private static let timeout: Int64 = 30_000

    static func run(
        _ environment: [String: String],
        _ work: @escaping @Sendable (PostgresPool) async throws(PostgresError) -> [String]
    ) throws(CommandFailure) -> [String] {
        let deployment = try Deployment(environment)
        let loop = deployment.loop
        let pool: PostgresPool
        do {
            pool = try PostgresPool(
                url: deployment.config.databaseURL, name: "parley-cli", size: 1, timeout: timeout, on: loop)
        } catch {
            throw .failed("\(error)")
        }
        var result: Result<[String], PostgresError> = .failure(.notConnected)
        loop.spawn {
            do throws(PostgresError) {
                result = .success(try await work(pool))
            } catch {
                result = .failure(error)
            }
            loop.stop()
        }
        loop.run()
        switch result {
        case .success(let lines): return lines
        case .failure(let error): throw .failed("PostgreSQL: \(error)")
        }
    }
}
