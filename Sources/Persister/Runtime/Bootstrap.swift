internal import Shared

/// Makes a persister of what the environment says, and runs it.
enum Bootstrap {
    /// Runs until a signal stops it; returns why it couldn't start, as lines for the terminal.
    static func run(environment: [String: String]) -> String? {
        do {
            let config = try PersisterConfig.read(environment: environment)
            guard let endpoint = config.common.redisEndpoint else {
                return "persister: PARLEY_REDIS_URL isn't a Redis URL\n"
            }
            let id = config.id ?? "persister-\(Hex.encode(SecureRandom.bytes(4)))"
            CrashLog.start(format: config.common.logFormat, base: [(.node, .string(id))])
            Defect.log(format: config.common.logFormat, base: [(.node, .string(id))])
            let metrics = PersisterMetrics(MetricsRegistry())
            metrics.registry.observeProcess()
            let loop = try EventLoop()
            LoopMetrics.observe(loop, in: metrics.registry)
            let persister = try Persister(config, id: id, endpoint: endpoint, metrics: metrics, loop: loop)
            if let address = config.operatorListen {
                do throws(SystemError) {
                    try OperatorServer.start(on: address, loop) { request in respond(request, persister, metrics) }
                } catch {
                    let setting = CommonSettings.operatorListen.declaration
                    return "persister: \(setting.problem(listeningOn: address, error))\n"
                }
            }
            try Signals.observe(Signals.terminating, on: loop) { _ in persister.stop { loop.stop() } }
            MemoryTrim.start(on: loop)
            persister.start { reason in
                StandardStreams.writeError("persister: \(reason)\n")
                Process.exit(1)
            }
            loop.run()
            return nil
        } catch let errors as ConfigErrors {
            return errors.description + "\n"
        } catch {
            return "persister: \(error)\n"
        }
    }

    private static func respond(
        _ request: HTTPRequest, _ persister: Persister, _ metrics: PersisterMetrics
    ) -> HTTPResponse {
        switch request.path {
        case "/healthz": HTTPResponse(status: 200, body: Array("ok\n".utf8))
        case "/readyz":
            HTTPResponse(
                status: persister.isReady ? 200 : 503, body: Array((persister.isReady ? "ready\n" : "not ready\n").utf8)
            )
        case "/metrics":
            HTTPResponse(
                status: 200, headers: HTTPHeaders([("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]),
                body: metrics.registry.exposition())
        default: ErrorCode.notFound.problem("There is nothing at this address.")
        }
    }
}
