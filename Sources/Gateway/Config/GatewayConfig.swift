import Shared

/// What the gateway's environment says; durations in milliseconds, sizes in bytes.
struct GatewayConfig: Sendable {
    /// What every program has.
    var common: CommonConfig
    /// Limits of a connection.
    var webSocket: WebSocketConfig
    /// Who may connect.
    var security: WebSocketSecurityConfig
    /// How often users and addresses may do things.
    var rates: RateLimits
    /// Where clients connect.
    var listen: SocketAddress
    /// The PEM files of the certificate chain and its key; both or neither. With them clients' connections are TLS.
    var tlsCertificateFile: String?
    var tlsKeyFile: String?
    /// Where health checks and metrics have a port of their own.
    var operatorListen: SocketAddress?
    /// Whether they are served there only.
    var operatorOnly: Bool
    /// How many event loops to run; 0 is one per core.
    var loops: Int
    /// The node's name; nil for a random one.
    var nodeID: String?
    /// How many connections the node takes.
    var maximumConnections: Int
    /// How many sessions a user may have.
    var maximumSessionsPerUser: Int
    /// What users may write.
    var content: ContentRules
    /// The file with the master keys; nil where contents are stored in clear.
    var encryptionKeysFile: String?
    /// Uploads and downloads.
    var files: FilesConfig
    /// How large a REST call may be, but for uploads.
    var http: HTTPLimits
    /// How long a sent message may take until its outcome is told as unknown.
    var sendTimeout: Int64
    /// How many entries a partition's stream may hold before messages are refused.
    var streamMaximumEntries: Int
    /// Bytes of entries that a partition's stream may hold.
    var streamMaximumBytes: Int
    /// How much is logged of published messages.
    var logPublish: PublishLog
    /// How long clients have to leave when the node stops.
    var shutdownTimeout: Int64
    /// What the contents of requests may take in all while they are read, in bytes.
    var contentMemory: Int
    /// How long a stopping node goes on taking clients, in milliseconds; part of that.
    var shutdownDelay: Int64

    /// The settings by theme, for `--help`.
    static var groups: [SettingGroup] { GatewaySettings.groups + CommonSettings.groups }

    /// Every setting that `read` looks at.
    static var settings: [AnySetting] { groups.flatMap(\.settings) }

    /// Reads the environment; throws everything that is wrong with it at once.
    static func read(environment: [String: String]) throws(ConfigErrors) -> GatewayConfig {
        var reader = ConfigReader(environment: environment, known: SettingsRegistry.all)
        let config = GatewayConfig(&reader)
        config.check(&reader)
        try reader.finish()
        return config
    }

    private init(_ reader: inout ConfigReader) {
        common = CommonConfig(&reader)
        webSocket = WebSocketConfig(&reader)
        security = WebSocketSecurityConfig(&reader)
        rates = RateLimits(&reader)
        listen = reader.read(GatewaySettings.listen)
        tlsCertificateFile = reader.read(GatewaySettings.tlsCertificateFile)
        tlsKeyFile = reader.read(GatewaySettings.tlsKeyFile)
        operatorListen = reader.read(CommonSettings.operatorListen)
        operatorOnly = reader.read(GatewaySettings.operatorOnly)
        loops = reader.read(GatewaySettings.loops)
        nodeID = reader.read(GatewaySettings.nodeID)
        maximumConnections = reader.read(GatewaySettings.maxConnections)
        maximumSessionsPerUser = reader.read(GatewaySettings.maxSessionsPerUser)
        content = ContentRules(
            maximumCharacters: reader.read(GatewaySettings.maxContentChars),
            markup: reader.read(GatewaySettings.contentMarkup))
        encryptionKeysFile = reader.read(GatewaySettings.encryptionKeysFile)
        files = FilesConfig(&reader)
        http = HTTPLimits(
            requestLine: reader.read(GatewaySettings.maxRequestLineBytes),
            headerCount: reader.read(GatewaySettings.maxRequestHeaders),
            headerBytes: reader.read(GatewaySettings.maxRequestHeaderBytes),
            body: reader.read(GatewaySettings.maxBodyBytes))
        sendTimeout = reader.read(GatewaySettings.sendTimeout)
        streamMaximumEntries = reader.read(GatewaySettings.streamMaxEntries)
        streamMaximumBytes = reader.read(GatewaySettings.streamMaxBytes)
        logPublish = reader.read(GatewaySettings.logPublish)
        contentMemory = reader.read(GatewaySettings.contentMemoryBytes)
        shutdownTimeout = reader.read(CommonSettings.shutdownTimeout)
        shutdownDelay = min(reader.read(GatewaySettings.shutdownDelay), shutdownTimeout)
    }

    private func check(_ reader: inout ConfigReader) {
        let operatorSetting = CommonSettings.operatorListen.declaration
        let message = GatewaySettings.maxMessageBytes.declaration
        reader.check(
            !operatorOnly || operatorListen != nil, [GatewaySettings.operatorOnly.declaration, operatorSetting],
            "needs PARLEY_OPERATOR_LISTEN: else health checks would be served nowhere")
        reader.check(
            operatorListen != listen, [operatorSetting, GatewaySettings.listen.declaration],
            "must be another address than PARLEY_LISTEN")
        let certificate = GatewaySettings.tlsCertificateFile.declaration
        reader.check(
            (tlsCertificateFile == nil) == (tlsKeyFile == nil), [certificate, GatewaySettings.tlsKeyFile.declaration],
            "need each other: a certificate is of no use without its key")
        // A character takes at most four bytes in UTF-8.
        reader.check(
            content.maximumCharacters <= webSocket.maximumMessage / 4,
            [GatewaySettings.maxContentChars.declaration, message],
            "must not be above a quarter of PARLEY_MAX_MESSAGE_BYTES: such a message couldn't be sent")
        reader.check(
            http.body >= webSocket.maximumMessage, [GatewaySettings.maxBodyBytes.declaration, message],
            "must be at least PARLEY_MAX_MESSAGE_BYTES: messages can be sent by REST too")
        reader.check(
            contentMemory >= http.body,
            [GatewaySettings.contentMemoryBytes.declaration, GatewaySettings.maxBodyBytes.declaration],
            "must be at least PARLEY_MAX_BODY_BYTES: a single body would have no room")
        reader.check(
            sendTimeout >= common.redisTimeout,
            [GatewaySettings.sendTimeout.declaration, CommonSettings.redisTimeout.declaration],
            "must be at least PARLEY_REDIS_TIMEOUT: the outcome of a call that still runs isn't unknown")
    }
}
