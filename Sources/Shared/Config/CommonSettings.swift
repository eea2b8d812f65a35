/// The settings that every program has.
public enum CommonSettings {
    static let redisURL = Setting.url(
        "REDIS_URL", default: "redis://127.0.0.1:6379",
        allowed: "a URL like redis://user:password@host:6379/0, or rediss:// for TLS",
        "Where Redis is."
    ) { RedisEndpoint(url: $0) != nil }
    static let redisAuthoritiesFile = Setting<String?>.text(
        "REDIS_CA_FILE", "The PEM file with the certificates that Redis' own may come from; the system's if not set.")
    static let databaseURL = Setting.url(
        "DATABASE_URL", default: "postgresql://127.0.0.1/parley",
        allowed: "a URL like postgresql://user:password@host:5432/name", "Where PostgreSQL is."
    ) { url in ["postgresql://", "postgres://"].contains { url.hasPrefix($0) } }
    package static let redisTimeout = Setting.milliseconds(
        "REDIS_TIMEOUT", default: "2s", in: "100ms"..."60s", "How long a call to Redis may take.")
    package static let databaseTimeout = Setting.milliseconds(
        "DATABASE_TIMEOUT", default: "5s", in: "100ms"..."5m", "How long a query may take.")
    static let migrate = Setting.bool("MIGRATE", default: true, "Whether to bring the tables up to date at start.")

    static let partitions = Setting.integer(
        "PARTITIONS", default: 64, in: 1...1024,
        "Into how many partitions conversations fall, a power of two; can't change after the first start.")
    static let dedupeWindow = Setting.milliseconds(
        "DEDUPE_WINDOW", default: "12h", in: "1m"..."7d",
        "How long a repeated clientMessageId is recognised.")
    static let cacheEvents = Setting.integer(
        "CACHE_EVENTS", default: 100, in: 1...10000, "How many committed events of a conversation stay in Redis.")
    static let stateTTL = Setting.milliseconds(
        "STATE_TTL", default: "24h", in: "1m"..."30d",
        "How long a conversation that nobody writes in stays in Redis once it is committed.")

    static let logFormat = Setting<LogFormat>.choice("LOG_FORMAT", default: .logfmt, "How log lines are written.")
    static let logLevel = Setting<LogLevel>.choice(
        "LOG_LEVEL", default: .info, LogLevel.allCases.map { ($0.name, $0) }, "The least severe lines to write.")

    package static let shutdownTimeout = Setting.milliseconds(
        "SHUTDOWN_TIMEOUT", default: "10s", in: "0s"..."10m",
        "How long a stopping process has: clients to leave, the persister to finish its batch.")

    /// A server of its own for health checks and metrics; the gateway and the persister both have one.
    package static let operatorListen = Setting<SocketAddress?>.parsed(
        "OPERATOR_LISTEN", allowed: ListenAddress.allowed,
        "Where to serve health checks and metrics on a port of their own.", parse: ListenAddress.parse)

    /// The settings by theme.
    public static let groups = [
        SettingGroup(
            "Stores",
            [
                redisURL.declaration, redisAuthoritiesFile.declaration, databaseURL.declaration,
                redisTimeout.declaration,
                databaseTimeout.declaration, migrate.declaration,
            ]),
        SettingGroup(
            "Conversations",
            [partitions.declaration, dedupeWindow.declaration, cacheEvents.declaration, stateTTL.declaration]),
        SettingGroup(
            "Operation",
            [
                logFormat.declaration, logLevel.declaration, shutdownTimeout.declaration, operatorListen.declaration,
            ]),
    ]
}

/// What every program's configuration says.
public struct CommonConfig: Sendable {
    /// A URL that `RedisEndpoint` reads.
    public let redisURL: String
    /// The PEM file with the certificates that Redis' own may come from; nil for those that the system trusts.
    public let redisAuthoritiesFile: String?
    /// A URL that libpq reads.
    public let databaseURL: String
    /// The number of partitions, a power of two.
    public let partitions: Int
    /// How long a repeated `clientMessageId` is recognised, in milliseconds.
    public let dedupeWindow: Int64
    /// How many committed events of a conversation stay in Redis.
    public let cacheEvents: Int
    /// How long a committed, idle conversation stays in Redis, in milliseconds.
    public let stateTTL: Int64
    /// How long a call to Redis may take, in milliseconds.
    public let redisTimeout: Int64
    /// How long a query may take, in milliseconds.
    public let databaseTimeout: Int64
    /// Whether to bring the tables up to date at start.
    public let migrate: Bool
    /// How log lines are written.
    public let logFormat: LogFormat
    /// The least severe lines to write.
    public let logLevel: LogLevel

    /// Where Redis is and how to sign in.
    public var redisEndpoint: RedisEndpoint? { RedisEndpoint(url: redisURL, authoritiesFile: redisAuthoritiesFile) }

    /// Every common setting.
    public static var settings: [AnySetting] { CommonSettings.groups.flatMap(\.settings) }

    /// Reads the common settings, for a program that has others too.
    public init(_ reader: inout ConfigReader) {
        redisURL = reader.read(CommonSettings.redisURL)
        redisAuthoritiesFile = reader.read(CommonSettings.redisAuthoritiesFile)
        databaseURL = reader.read(CommonSettings.databaseURL)
        partitions = reader.read(CommonSettings.partitions)
        dedupeWindow = reader.read(CommonSettings.dedupeWindow)
        cacheEvents = reader.read(CommonSettings.cacheEvents)
        stateTTL = reader.read(CommonSettings.stateTTL)
        redisTimeout = reader.read(CommonSettings.redisTimeout)
        databaseTimeout = reader.read(CommonSettings.databaseTimeout)
        migrate = reader.read(CommonSettings.migrate)
        logFormat = reader.read(CommonSettings.logFormat)
        logLevel = reader.read(CommonSettings.logLevel)
        if redisAuthoritiesFile != nil, (try? TLSContext.client(authoritiesFile: redisAuthoritiesFile)) == nil {
            reader.fail(CommonSettings.redisAuthoritiesFile, "must be a PEM file with certificates")
        }
        if partitions.nonzeroBitCount != 1 {
            reader.fail(CommonSettings.partitions, "must be a power of two")
        }
        reader.check(
            stateTTL >= dedupeWindow, [CommonSettings.stateTTL.declaration, CommonSettings.dedupeWindow.declaration],
            "must be at least PARLEY_DEDUPE_WINDOW: the memory of repeated messages goes with the state")
    }

    /// Reads the common settings alone.
    public static func read(environment: [String: String]) throws(ConfigErrors) -> CommonConfig {
        var reader = ConfigReader(environment: environment, known: SettingsRegistry.all)
        let config = CommonConfig(&reader)
        try reader.finish()
        return config
    }
}
