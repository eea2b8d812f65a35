internal import Shared

/// Makes a node of what the environment says.
enum Bootstrap {
    /// Why the node can't be made: lines for the terminal.
    struct Problem: Error {
        let text: String
    }

    static func node(environment: [String: String]) -> Result<Node, Problem> {
        let config: GatewayConfig
        do {
            config = try GatewayConfig.read(environment: environment)
        } catch {
            return .failure(Problem(text: error.description))
        }
        do {
            let metrics = GatewayMetrics(MetricsRegistry())
            metrics.registry.observeProcess()
            let authenticator = try Authenticator(config.security, publicKey: try publicKey(config.security))
            let context = NodeContext(
                config, authenticator: authenticator, certificate: try certificate(config), metrics: metrics)
            guard let endpoint = config.common.redisEndpoint else {
                return .failure(Problem(text: "gateway: PARLEY_REDIS_URL isn't a Redis URL\n"))
            }
            return .success(try Node(context, endpoint: endpoint, cores: Process.coreCount))
        } catch let problem as Problem {
            return .failure(problem)
        } catch {
            return .failure(Problem(text: "gateway: \(error)\n"))
        }
    }

    private static func certificate(_ config: GatewayConfig) throws(Problem) -> ServerCertificate? {
        guard let certificateFile = config.tlsCertificateFile, let keyFile = config.tlsKeyFile else { return nil }
        do throws(TLSError) {
            return try ServerCertificate(certificateFile: certificateFile, keyFile: keyFile)
        } catch {
            throw Problem(text: "gateway: PARLEY_TLS_CERTIFICATE_FILE, PARLEY_TLS_KEY_FILE: \(error)\n")
        }
    }

    private static func publicKey(_ config: WebSocketSecurityConfig) throws(Problem) -> PublicKey? {
        guard let path = config.publicKeyFile, config.algorithm != "HS256" else { return nil }
        guard let pem = Process.readFile(path) else {
            throw Problem(text: "gateway: PARLEY_JWT_PUBLIC_KEY_FILE=\(path): the file can't be read\n")
        }
        do {
            return try PublicKey(pem: pem)
        } catch {
            throw Problem(text: "gateway: PARLEY_JWT_PUBLIC_KEY_FILE=\(path): \(error)\n")
        }
    }
}
