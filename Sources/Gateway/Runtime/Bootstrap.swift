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
            return .failure(Problem(text: error.description + "\n"))
        }
        let id = config.nodeID ?? "node-\(Hex.encode(SecureRandom.bytes(4)))"
        CrashLog.start(format: config.common.logFormat, base: [(.node, .string(id))])
        Defect.log(format: config.common.logFormat, base: [(.node, .string(id))])
        do {
            try checkIsFree(GatewaySettings.listen.declaration, config.listen)
            if let address = config.operatorListen {
                try checkIsFree(CommonSettings.operatorListen.declaration, address)
            }
            let metrics = GatewayMetrics(MetricsRegistry())
            metrics.registry.observeProcess()
            let revocations = Revocations(leeway: config.security.leeway / 1_000)
            let keySet = try keySet(config.security)
            let authenticator = try authenticator(config.security, keySet, revocations)
            let loops = config.loops == 0 ? Process.coreCount : config.loops
            let context = NodeContext(
                config,
                descriptors: DescriptorBudget(
                    wanted: config.maximumConnections, limit: DescriptorLimit.raise(), loops: loops,
                    hasRemoteFiles: config.files.s3 != nil),
                id: id, authenticator: authenticator, revocations: revocations, keySet: keySet,
                certificate: try certificate(config), masterKeys: try masterKeys(config),
                files: try files(config), metrics: metrics)
            guard let endpoint = config.common.redisEndpoint else {
                return .failure(Problem(text: "gateway: PARLEY_REDIS_URL isn't a Redis URL\n"))
            }
            return .success(try Node(context, endpoint: endpoint, loops: loops))
        } catch let problem as Problem {
            return .failure(problem)
        } catch {
            return .failure(Problem(text: "gateway: \(error)\n"))
        }
    }

    /// Before anything is waited for: nobody else may listen where this node is going to.
    private static func checkIsFree(_ setting: AnySetting, _ address: SocketAddress) throws(Problem) {
        do throws(SystemError) {
            try Socket.checkIsFree(address)
        } catch {
            throw Problem(text: "gateway: \(setting.problem(listeningOn: address, error))\n")
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

    private static func masterKeys(_ config: GatewayConfig) throws(Problem) -> MasterKeyRing? {
        guard let path = config.encryptionKeysFile else { return nil }
        do throws(MasterKeyRingError) {
            return try MasterKeyRing(path: path)
        } catch {
            throw Problem(text: "gateway: PARLEY_ENCRYPTION_KEYS_FILE=\(path): \(error)\n")
        }
    }

    /// A folder that can't be written to is a mistake that stops the start, as is one for what waits; a store may be away for a while.
    private static func files(_ config: GatewayConfig) throws(Problem) -> FilePlace? {
        if let s3 = config.files.s3 {
            do throws(SystemError) {
                _ = try ScratchFile(in: s3.stagingFolder)
                return .s3(s3)
            } catch {
                throw Problem(text: "gateway: PARLEY_S3_STAGING_DIR=\(s3.stagingFolder): \(error)\n")
            }
        }
        guard case .folder(let path) = config.files.location else { return nil }
        do throws(SystemError) {
            return .folder(try FileFolder(path: path))
        } catch {
            throw Problem(
                text: "gateway: PARLEY_FILES_DIR or PARLEY_FILES_URL: files can't be written to \(path): \(error)\n")
        }
    }

    private static func authenticator(
        _ config: WebSocketSecurityConfig, _ keySet: KeySetKeeper?, _ revocations: Revocations
    ) throws(Problem) -> Authenticator {
        let key = try key(config, keySet)
        do throws(JWTError) {
            return try Authenticator(config, key: key, revocations: revocations)
        } catch {
            let file = config.publicKeyFile ?? ""
            throw Problem(
                text:
                    "gateway: PARLEY_JWT_ALGORITHM=\(config.algorithm), PARLEY_JWT_PUBLIC_KEY_FILE=\(file): \(error)\n")
        }
    }

    private static func key(_ config: WebSocketSecurityConfig, _ keySet: KeySetKeeper?) throws(Problem) -> JWTKey {
        if config.algorithm == "HS256" { return .secret(config.secret ?? []) }
        if let keySet { return .keySet { keySet.current } }
        let path = config.publicKeyFile ?? ""
        guard let pem = Process.readFile(path) else {
            throw Problem(text: "gateway: PARLEY_JWT_PUBLIC_KEY_FILE=\(path): the file can't be read\n")
        }
        do {
            return .publicKey(try PublicKey(pem: pem))
        } catch {
            throw Problem(text: "gateway: PARLEY_JWT_PUBLIC_KEY_FILE=\(path): \(error)\n")
        }
    }

    /// A file that is no key set is a mistake that stops the start; a URL may be away for a while.
    private static func keySet(_ config: WebSocketSecurityConfig) throws(Problem) -> KeySetKeeper? {
        guard let source = config.keySet else { return nil }
        if case .file(let path) = source, case .failure(let failure) = KeySetKeeper.read(source) {
            throw Problem(text: "gateway: PARLEY_JWT_JWKS_FILE=\(path): \(failure.reason)\n")
        }
        return KeySetKeeper(source, lifetime: config.keySetLifetime)
    }
}
