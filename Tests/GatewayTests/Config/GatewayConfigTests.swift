import Shared
import Testing

@testable import Gateway

@Suite struct GatewayConfigTests {
    private let secret = "0123456789abcdef0123456789abcdef"

    private func read(_ changes: [String: String]) throws(ConfigErrors) -> GatewayConfig {
        var environment = ["PARLEY_JWT_SECRET": secret]
        for (name, value) in changes { environment["PARLEY_\(name)"] = value }
        return try GatewayConfig.read(environment: environment)
    }

    @Test func hasTheDocumentedDefaults() throws {
        let config = try read([:])
        #expect(config.listen == SocketAddress(literal: "0.0.0.0", port: 8080))
        #expect(config.operatorListen == nil && !config.operatorOnly && config.loops == 0 && config.nodeID == nil)
        #expect(config.maximumConnections == 15000 && config.maximumSessionsPerUser == 20)
        #expect(config.content.maximumCharacters == 4000 && config.http.body == 1 << 20)
        #expect(config.sendTimeout == 5000 && config.shutdownTimeout == 10000)
        #expect(config.streamMaximumEntries == 1_000_000 && config.logPublish == .all)
        let socket = config.webSocket
        #expect(
            socket.maximumFrame == 65536 && socket.maximumMessage == 65536 && socket.stomp.maximumSubscriptions == 500)
        #expect(socket.handshakeTimeout == 10000 && socket.idleTimeout == 75000 && socket.heartBeat == 10000)
        #expect(socket.pingInterval == 25000 && socket.pongTimeout == 20000)
        #expect(socket.sendQueueBytes == 1 << 20 && socket.stalledTimeout == 30000)
        let security = config.security
        #expect(security.algorithm == "HS256" && security.secret == Array(secret.utf8))
        #expect(security.publicKeyFile == nil && security.issuer == nil && security.audience == nil)
        #expect(security.leeway == 30000 && security.allowedOrigins == ["*"] && !security.allowsQueryToken)
        #expect(security.trustedProxies == [])
    }

    @Test func readsWhatIsGiven() throws {
        let config = try read([
            "JWT_ALGORITHM": "EdDSA", "JWT_PUBLIC_KEY_FILE": "/etc/parley/key.pem", "NODE_ID": "a-1",
            "OPERATOR_LISTEN": "[::1]:9090", "OPERATOR_ONLY": "true", "LOG_PUBLISH": "off",
            "ALLOWED_ORIGINS": "https://A.example, http://localhost:3000", "TRUSTED_PROXIES": "10.0.0.1,::0001",
        ])
        #expect(config.security.algorithm == "EdDSA" && config.security.publicKeyFile == "/etc/parley/key.pem")
        #expect(config.nodeID == "a-1" && config.operatorOnly && config.logPublish == .off)
        #expect(config.operatorListen?.description == "[::1]:9090")
        #expect(config.security.allowedOrigins == ["https://a.example", "http://localhost:3000"])
        #expect(config.security.trustedProxies == ["10.0.0.1", "::1"])
    }

    @Test(arguments: [
        (["JWT_SECRET": ""], "PARLEY_JWT_SECRET: is required"),
        (["FILES_URL": "file://a/b"], "PARLEY_FILES_URL=file://a/b: must be"),
        (["FILES_URL": "s3://bucket/a"], "PARLEY_FILES_URL=s3://bucket/a: needs PARLEY_S3_ACCESS_KEY_ID"),
        (["FILES_URL": "s3://bucket", "S3_ACCESS_KEY_ID": "a"], "PARLEY_FILES_URL=s3://bucket: needs"),
        (
            [
                "FILES_URL": "s3://bucket", "S3_ACCESS_KEY_ID": "a", "S3_SECRET_ACCESS_KEY": "b",
                "S3_CREDENTIALS_FILE": "f",
            ],
            "PARLEY_FILES_URL=s3://bucket: needs"
        ),
        (["FILES_URL": "file:///a", "FILES_DIR": "/a"], "PARLEY_FILES_URL=file:///a: must not be set beside"),
        (["JWT_SECRET": "0123456789abcdef0123456789abcde"], "PARLEY_JWT_SECRET=(hidden): must be"),
        (
            ["JWT_ALGORITHM": "RS256", "JWT_JWKS_FILE": "f", "JWT_JWKS_URL": "https://i.example/k"],
            "PARLEY_JWT_PUBLIC_KEY_FILE: exactly one"
        ),
        (
            ["JWT_ALGORITHM": "RS256", "JWT_JWKS_URL": "http://i.example/k"],
            "PARLEY_JWT_JWKS_URL=http://i.example/k: must be"
        ),
        (["JWT_ALGORITHM": "RS256"], "PARLEY_JWT_PUBLIC_KEY_FILE: exactly one"),
        (["JWT_ALGORITHM": "none"], "PARLEY_JWT_ALGORITHM=none: must be one of"),
        (["MAX_FRAME_BYTES": "128KiB"], "PARLEY_MAX_FRAME_BYTES=128KiB: must not be above"),
        (["SEND_QUEUE_BYTES": "32KiB"], "PARLEY_SEND_QUEUE_BYTES=32KiB: must be at least"),
        (["PING_INTERVAL": "60s"], "PARLEY_IDLE_TIMEOUT: must be at least PARLEY_PING_INTERVAL"),
        (["HEARTBEAT": "40s"], "PARLEY_IDLE_TIMEOUT: must be at least twice"),
        (["STALLED_TIMEOUT": "10s"], "PARLEY_STALLED_TIMEOUT=10s: must be at least"),
        (["OPERATOR_ONLY": "true"], "PARLEY_OPERATOR_ONLY=true: needs"),
        (["OPERATOR_LISTEN": "0.0.0.0:8080"], "PARLEY_OPERATOR_LISTEN=0.0.0.0:8080: must be another"),
        (["MAX_CONTENT_CHARS": "20000"], "PARLEY_MAX_CONTENT_CHARS=20000: must not be above"),
        (["MAX_BODY_BYTES": "32KiB"], "PARLEY_MAX_BODY_BYTES=32KiB: must be at least"),
        (["SEND_TIMEOUT": "1s"], "PARLEY_SEND_TIMEOUT=1s: must be at least"),
        (["NODE_ID": "Node"], "PARLEY_NODE_ID=Node: must be 1 to 64"),
        (["TRUSTED_PROXIES": "10.0.0.0/8"], "PARLEY_TRUSTED_PROXIES=10.0.0.0/8: must be"),
        (["MAX_CONECTIONS": "5"], "PARLEY_MAX_CONECTIONS: unknown setting; did you mean PARLEY_MAX_CONNECTIONS?"),
    ])
    func refuses(changes: [String: String], problem: String) {
        let error = #expect(throws: ConfigErrors.self) { try read(changes) }
        #expect(error?.problems.count == 1)
        #expect(error?.description.hasPrefix(problem) == true, "\(error?.description ?? "")")
    }

    @Test func knowsThePersistersVariables() throws {
        #expect(try read(["BATCH_ROWS": "10", "PERSISTER_ID": "p"]).common.partitions == 64)
    }

    @Test func documentsEverySettingThatItReads() {
        let variables = Set(GatewayConfig.settings.map(\.variable))
        #expect(variables.isSuperset(of: ["PARLEY_LISTEN", "PARLEY_REDIS_URL", "PARLEY_OPERATOR_LISTEN"]))
        #expect(!variables.contains("PARLEY_BATCH_ROWS"))
    }
}
