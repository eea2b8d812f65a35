internal import Shared

/// Runs one piece of work against the deployment's PostgreSQL.
enum PostgresClient {
    /// Milliseconds that connecting and each query may take.
    private static let timeout: Int64 = 30_000

    static func run(
        _ environment: [String: String],
        _ work: @escaping @Sendable (PostgresPool) async throws(PostgresError) -> [String]
    ) throws(CommandFailure) -> [String] {
        let config: CommonConfig
        do {
            config = try CommonConfig.read(environment: environment)
        } catch {
            throw .failed(error.description)
        }
        let loop: EventLoop
        let pool: PostgresPool
        do {
            loop = try EventLoop()
            pool = try PostgresPool(
                url: config.databaseURL, name: "parley-cli", size: 1, timeout: timeout, on: loop)
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
