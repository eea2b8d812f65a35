/// The settings of the gateway alone.
///
/// Each says in its own words what it is for.
public enum GatewaySettings {
    package static let listen = Setting<SocketAddress>.parsed(
        "LISTEN", default: "0.0.0.0:8080", allowed: ListenAddress.allowed, "Where clients connect.",
        parse: ListenAddress.parse)
    package static let tlsCertificateFile = Setting<String?>.text(
        "TLS_CERTIFICATE_FILE",
        "The PEM file with the certificate chain; with it clients connect by TLS. Read again on SIGHUP.")
    package static let tlsKeyFile = Setting<String?>.text(
        "TLS_KEY_FILE", "The PEM file with the certificate's private key.")
    package static let operatorOnly = Setting.bool(
        "OPERATOR_ONLY", default: false,
        "Whether health checks and metrics are served on PARLEY_OPERATOR_LISTEN only.")
    package static let trustedProxies = Setting<[String]>.list(
        "TRUSTED_PROXIES", default: "", of: "IPv4 or IPv6 addresses",
        "Who may tell a client's address with the PROXY protocol.", parse: ListenAddress.canonical)
    package static let loops = Setting.integer(
        "LOOPS", default: 0, in: 0...256, "How many event loops to run; 0 is one per core.")
    package static let nodeID = Setting<String?>.parsed(
        "NODE_ID", allowed: NodeName.allowed, "The node's name in logs and in Redis; random if not set.",
        parse: NodeName.parse)
    package static let logPublish = Setting<PublishLog>.choice(
        "LOG_PUBLISH", default: .all, "Whether each published message is logged, a count per second, or nothing.")

    package static let compression = Setting<CompressionPolicy>.choice(
        "COMPRESSION", default: .noTakeover,
        "Whether messages are compressed, and whether each may refer to those before it, which costs memory.")
    package static let compressionMinBytes = Setting.bytes(
        "COMPRESSION_MIN_BYTES", default: 1 << 10, in: 0...1 << 20, "Messages that are shorter are sent as they are.")

    package static let jwtAlgorithm = Setting<String>.choice(
        "JWT_ALGORITHM", default: "HS256", ["HS256", "RS256", "ES256", "EdDSA"].map { ($0, $0) },
        "How tokens are signed; a token that says otherwise is refused.")
    package static let jwtSecret = Setting<[UInt8]?>.parsed(
        "JWT_SECRET", allowed: "a text of 32 bytes or more, and of at least 8 different ones", isSecret: true,
        "The key of HS256."
    ) { text in text.utf8.count >= 32 && Set(text.utf8).count >= 8 ? Array(text.utf8) : nil }
    package static let jwtPublicKeyFile = Setting<String?>.text(
        "JWT_PUBLIC_KEY_FILE", "The PEM file with the key of RS256, ES256 or EdDSA.")
    package static let jwtJWKSFile = Setting<String?>.text(
        "JWT_JWKS_FILE", "A file with the keys of RS256, ES256 or EdDSA as a JSON Web Key Set.")
    package static let jwtJWKSURL = Setting<String?>.parsed(
        "JWT_JWKS_URL", allowed: "an https URL", "The same from a URL, such as the one your identity provider tells."
    ) { text in text.hasPrefix("https://") && text.utf8.count > "https://".utf8.count ? text : nil }
    package static let jwtJWKSCAFile = Setting<String?>.text(
        "JWT_JWKS_CA_FILE", "A PEM file with the authorities to trust for that URL; the system's if not set.")
    package static let jwtJWKSLifetime = Setting.milliseconds(
        "JWT_JWKS_LIFETIME", default: "10m", in: "10s"..."24h",
        "How long a key set is good for; a token with an unknown key makes it be read at once.")
    package static let jwtIssuer = Setting<String?>.text("JWT_ISSUER", "The iss that tokens must have; any if not set.")
    package static let jwtAudience = Setting<String?>.text(
        "JWT_AUDIENCE", "The aud that tokens must have; any if not set.")
    package static let jwtLeeway = Setting.milliseconds(
        "JWT_LEEWAY", default: "30s", in: "0s"..."5m", "How far the clock of who makes tokens may be off.")
    package static let jwtMaxLifetime = Setting.milliseconds(
        "JWT_MAX_LIFETIME", default: "0s", in: "0s"..."3650d",
        "How long a token may live from its iat, which it needs then, to its exp; 0s is any. With it revocations end.")
    package static let allowedOrigins = Setting<[String]>.list(
        "ALLOWED_ORIGINS", default: "*", of: WebOrigin.allowed,
        "The web pages that may connect; empty is none, other programs may always.", parse: WebOrigin.parse)
    package static let allowQueryToken = Setting.bool(
        "ALLOW_QUERY_TOKEN", default: false, "Whether a token in the URL counts; URLs end up in the logs of proxies.")

    package static let maxConnections = Setting.integer(
        "MAX_CONNECTIONS", default: 15000, in: 1...1_000_000,
        "How many connections the node takes, as far as its descriptors (ulimit -n) last.")
    package static let maxSessionsPerUser = Setting.integer(
        "MAX_SESSIONS_PER_USER", default: 20, in: 1...10000, "How many sessions a user may have.")
    package static let maxSubscriptions = Setting.integer(
        "MAX_SUBSCRIPTIONS", default: 500, in: 1...100_000, "How many subscriptions a session may have.")
    package static let maxFrameBytes = Setting.bytes(
        "MAX_FRAME_BYTES", default: 64 << 10, in: 1 << 10...16 << 20, "The longest WebSocket frame.")
    package static let maxMessageBytes = Setting.bytes(
        "MAX_MESSAGE_BYTES", default: 64 << 10, in: 1 << 10...16 << 20, "The longest WebSocket message.")
    package static let maxUnacknowledged = Setting.integer(
        "MAX_UNACKNOWLEDGED", default: 256, in: 1...100_000,
        "How many messages of a subscription may wait for their ACK; then it waits.")
    package static let maxStompHeaders = Setting.integer(
        "MAX_STOMP_HEADERS", default: 64, in: 8...1_000, "How many headers a STOMP frame may have.")
    package static let maxStompHeaderBytes = Setting.bytes(
        "MAX_STOMP_HEADER_BYTES", default: 8 << 10, in: 1 << 10...1 << 20,
        "How long the head of a STOMP frame may be, from its command to the empty line.")
    package static let maxTransactions = Setting.integer(
        "MAX_TRANSACTIONS", default: 8, in: 1...1_000, "How many transactions a session may have open.")
    package static let maxTransactionFrames = Setting.integer(
        "MAX_TRANSACTION_FRAMES", default: 256, in: 1...100_000,
        "How many frames the open transactions of a session may hold together.")
    package static let maxTransactionBytes = Setting.bytes(
        "MAX_TRANSACTION_BYTES", default: 256 << 10, in: 1 << 10...64 << 20, "The same in bytes.")
    package static let contentMarkup = Setting<MarkupPolicy>.choice(
        "CONTENT_MARKUP", default: .guarded,
        "What keeps markup in messages and titles from running where a client shows them as HTML: an invisible character behind"
            + " each < that could begin something, HTML escapes, or nothing.")
    package static let encryptionKeysFile = Setting<String?>.text(
        "ENCRYPTION_KEYS_FILE",
        "The file with the master keys; with it contents are encrypted where they are stored. See parley keys.")
    package static let filesURL = Setting<FilesLocation?>.parsed(
        "FILES_URL", allowed: "file:///path or \(S3Location.form)",
        "Where uploaded files are kept, for all gateways the same; if not set, none are taken.",
        parse: FilesLocation.init)
    package static let filesDir = Setting<String?>.text(
        "FILES_DIR", "Short for PARLEY_FILES_URL=file:// with this path.")
    package static let s3AccessKeyID = Setting<String?>.text(
        "S3_ACCESS_KEY_ID", "The key that requests to an S3 store are signed with.")
    package static let s3SecretAccessKey = Setting<String?>.secret("S3_SECRET_ACCESS_KEY", "Its secret.")
    package static let s3SessionToken = Setting<String?>.secret(
        "S3_SESSION_TOKEN", "What belongs to a key that ends; one that is renewed comes in a file.")
    package static let s3CredentialsFile = Setting<String?>.text(
        "S3_CREDENTIALS_FILE",
        "A file with aws_access_key_id, aws_secret_access_key and perhaps aws_session_token instead; it is read again and again."
    )
    package static let s3StagingDir = Setting<String>.text(
        "S3_STAGING_DIR", default: "/var/tmp",
        "A folder on whose disk a part of each upload waits until it is sent to an S3 store: 8 MiB, or a 10,000th of the largest"
            + " file.")
    package static let s3Timeout = Setting.milliseconds(
        "S3_TIMEOUT", default: "10s", in: "1s"..."2m",
        "How long an S3 store may be silent; a request is tried again within three times as long.")
    package static let fileLinkLifetime = Setting.milliseconds(
        "FILE_LINK_LIFETIME", default: "10m", in: "10s"..."7d",
        "How long a link to a file is good that needs no token, as <img> takes it.")
    package static let maxFileBytes = Setting.bytes(
        "MAX_FILE_BYTES", default: 100 << 20, in: 1 << 10...1 << 40, "The largest file.")
    package static let filesUserQuota = Setting<Int?>.bytes(
        "FILES_USER_QUOTA", in: 1 << 10...1 << 50,
        "How much the files of a user may take in all; if not set, there is no limit.")
    package static let maxContentChars = Setting.integer(
        "MAX_CONTENT_CHARS", default: 4000, in: 1...1_000_000, "The longest chat message in Unicode characters.")
    package static let maxRequestLineBytes = Setting.bytes(
        "MAX_REQUEST_LINE_BYTES", default: 8 << 10, in: 1 << 10...64 << 10, "The longest request line of HTTP.")
    package static let maxRequestHeaders = Setting.integer(
        "MAX_REQUEST_HEADERS", default: 100, in: 10...1_000, "How many headers a request may have.")
    package static let maxRequestHeaderBytes = Setting.bytes(
        "MAX_REQUEST_HEADER_BYTES", default: 16 << 10, in: 1 << 10...256 << 10, "How long they may be together.")
    package static let maxBodyBytes = Setting.bytes(
        "MAX_BODY_BYTES", default: 1 << 20, in: 1 << 10...64 << 20, "The longest body of a REST call but uploads.")
    package static let contentMemoryBytes = Setting.bytes(
        "CONTENT_MEMORY_BYTES", default: 128 << 20, in: 1 << 20...64 << 30,
        "How much the bodies of REST calls may take in all while they are read; beyond, a call is told to try later.")
    package static let sendQueueBytes = Setting.bytes(
        "SEND_QUEUE_BYTES", default: 1 << 20, in: 16 << 10...256 << 20,
        "How much may wait for a client before it is treated as behind.")
    package static let unsentBytes = Setting.bytes(
        "UNSENT_BYTES", default: 512 << 20, in: 1 << 20...1 << 40,
        "How much may wait for all clients of a node, an equal share and four of PARLEY_SEND_QUEUE_BYTES at least on each loop; beyond, those for whom most waits are cut."
    )
    package static let replayMaxEvents = Setting.integer(
        "REPLAY_MAX_EVENTS", default: 100_000, in: 100...10_000_000,
        "How many events a client may have missed for them to be replayed; beyond, it is told to read the history.")
    package static let streamMaxEntries = Setting.integer(
        "STREAM_MAX_ENTRIES", default: 1_000_000, in: 1000...1_000_000_000,
        "How far PostgreSQL may fall behind, per partition, before messages are refused.")
    package static let streamMaxBytes = Setting.bytes(
        "STREAM_MAX_BYTES", default: 512 << 20, in: 64 << 10...64 << 30,
        "The same in bytes of messages.")

    package static let rateSends = Setting<RateLimit?>.rate(
        "RATE_SENDS", default: "20/s:200", "How often a user may send, edit and delete, on all nodes together.")
    package static let rateFrames = Setting<RateLimit?>.rate(
        "RATE_FRAMES", default: "500/s:5000",
        "How many STOMP frames of any kind a user's sessions may send; what comes faster isn't read yet.")
    package static let rateReads = Setting<RateLimit?>.rate(
        "RATE_READS", default: "50/s:500",
        "How often a user may read conversations, histories and files by REST, and an address files by signed links.")
    package static let rateChanges = Setting<RateLimit?>.rate(
        "RATE_CHANGES", default: "5/s:100",
        "How often a user may create, archive or unarchive a conversation, or add or remove a member.")
    package static let rateMembers = Setting<RateLimit?>.rate(
        "RATE_MEMBERS", default: "20/s:2000",
        "How many members a user may bring into conversations; a new conversation costs as many as it has.")
    package static let rateCursors = Setting<RateLimit?>.rate(
        "RATE_CURSORS", default: "20/s:200", "How often a user may say what they have got or read.")
    package static let rateTickets = Setting<RateLimit?>.rate(
        "RATE_TICKETS", default: "2/s:60", "How often a user may get a one-time ticket.")
    package static let rateTyping = Setting<RateLimit?>.rate(
        "RATE_TYPING", default: "10/s:100", "How often a user may send typing notices.")
    package static let rateSubscribes = Setting<RateLimit?>.rate(
        "RATE_SUBSCRIBES", default: "50/s:500", "How often a user may subscribe.")
    package static let rateUploads = Setting<RateLimit?>.rate(
        "RATE_UPLOADS", default: "1/s:50", "How often a user may upload a file.")
    package static let rateHandshakes = Setting<RateLimit?>.rate(
        "RATE_HANDSHAKES", default: "2/s:40", "How often a user may open a WebSocket.")
    package static let rateHandshakesPerAddress = Setting<RateLimit?>.rate(
        "RATE_HANDSHAKES_PER_ADDRESS", default: "100/s:2000",
        "How often an IP address may try to open a WebSocket, on all nodes together.")
    package static let rateHandshakesPerNode = Setting<RateLimit?>.rate(
        "RATE_HANDSHAKES_PER_NODE", default: "1000/s:4000",
        "How many handshakes the node looks at; what is beyond costs no cryptography.")

    package static let handshakeTimeout = Setting.milliseconds(
        "HANDSHAKE_TIMEOUT", default: "10s", in: "1s"..."2m", "How long connecting may take, CONNECT included.")
    package static let idleTimeout = Setting.milliseconds(
        "IDLE_TIMEOUT", default: "75s", in: "5s"..."1h", "How long a client may be silent.")
    package static let heartBeat = Setting.milliseconds(
        "HEARTBEAT", default: "10s", in: "3s"..."10m", "The interval of STOMP heart-beats that the server offers.")
    package static let pingInterval = Setting.milliseconds(
        "PING_INTERVAL", default: "25s", in: "1s"..."10m", "The interval of WebSocket pings.")
    package static let pongTimeout = Setting.milliseconds(
        "PONG_TIMEOUT", default: "20s", in: "1s"..."10m", "How long the answer to a ping may take.")
    package static let stalledTimeout = Setting.milliseconds(
        "STALLED_TIMEOUT", default: "30s", in: "1s"..."10m",
        "How long a client may take nothing of what waits for it.")
    package static let uploadTimeout = Setting.milliseconds(
        "UPLOAD_TIMEOUT", default: "15m", in: "1s"..."1d",
        "How long an upload may take; it may stop for PARLEY_IDLE_TIMEOUT at most.")
    package static let shutdownDelay = Setting.milliseconds(
        "SHUTDOWN_DELAY", default: "3s", in: "0s"..."5m",
        "How long a stopping node goes on taking clients after /readyz has turned red, so that a balancer sees that first; part"
            + " of PARLEY_SHUTDOWN_TIMEOUT.")
    package static let sendTimeout = Setting.milliseconds(
        "SEND_TIMEOUT", default: "5s", in: "100ms"..."2m",
        "How long a sent message may take until its outcome is told as unknown.")

    /// The settings by theme.
    public static let groups = [
        SettingGroup(
            "Listening",
            [
                listen.declaration,
                tlsCertificateFile.declaration,
                tlsKeyFile.declaration,
                operatorOnly.declaration,
                trustedProxies.declaration,
                loops.declaration,
                nodeID.declaration,
                logPublish.declaration,
                compression.declaration,
                compressionMinBytes.declaration,
            ]),
        SettingGroup(
            "Tokens and origins",
            [
                jwtAlgorithm.declaration,
                jwtSecret.declaration,
                jwtPublicKeyFile.declaration,
                jwtJWKSFile.declaration,
                jwtJWKSURL.declaration,
                jwtJWKSCAFile.declaration,
                jwtJWKSLifetime.declaration,
                jwtIssuer.declaration,
                jwtAudience.declaration,
                jwtLeeway.declaration,
                jwtMaxLifetime.declaration,
                allowedOrigins.declaration,
                allowQueryToken.declaration,
            ]),
        SettingGroup("Contents", [contentMarkup.declaration, encryptionKeysFile.declaration]),
        SettingGroup(
            "Files",
            [
                filesURL.declaration,
                filesDir.declaration,
                s3AccessKeyID.declaration,
                s3SecretAccessKey.declaration,
                s3SessionToken.declaration,
                s3CredentialsFile.declaration,
                s3StagingDir.declaration,
                s3Timeout.declaration,
                fileLinkLifetime.declaration,
            ]),
        SettingGroup(
            "Limits",
            [
                maxConnections.declaration,
                maxSessionsPerUser.declaration,
                maxSubscriptions.declaration,
                maxUnacknowledged.declaration,
                maxFrameBytes.declaration,
                maxMessageBytes.declaration,
                maxStompHeaders.declaration,
                maxStompHeaderBytes.declaration,
                maxTransactions.declaration,
                maxTransactionFrames.declaration,
                maxTransactionBytes.declaration,
                maxContentChars.declaration,
                maxRequestLineBytes.declaration,
                maxRequestHeaders.declaration,
                maxRequestHeaderBytes.declaration,
                maxBodyBytes.declaration,
                maxFileBytes.declaration,
                filesUserQuota.declaration,
                contentMemoryBytes.declaration,
                sendQueueBytes.declaration,
                unsentBytes.declaration,
                replayMaxEvents.declaration,
                streamMaxEntries.declaration,
                streamMaxBytes.declaration,
            ]),
        SettingGroup(
            "Rate limits",
            [
                rateSends.declaration,
                rateFrames.declaration,
                rateReads.declaration,
                rateChanges.declaration,
                rateMembers.declaration,
                rateCursors.declaration,
                rateTickets.declaration,
                rateTyping.declaration,
                rateSubscribes.declaration,
                rateUploads.declaration,
                rateHandshakes.declaration,
                rateHandshakesPerAddress.declaration,
                rateHandshakesPerNode.declaration,
            ]),
        SettingGroup(
            "Time limits",
            [
                handshakeTimeout.declaration,
                idleTimeout.declaration,
                heartBeat.declaration,
                pingInterval.declaration,
                pongTimeout.declaration,
                stalledTimeout.declaration,
                uploadTimeout.declaration,
                sendTimeout.declaration,
                shutdownDelay.declaration,
            ]),
    ]
}

/// What keeps markup in users' text from running where a client shows it as HTML.
public enum MarkupPolicy: String, Sendable, CaseIterable {
    /// An invisible character behind each `<` that could begin something.
    case guarded = "guard"
    /// Character references, as HTML has them.
    case escape
    /// Nothing: clients show text as text.
    case keep
}

/// Whether WebSocket messages are compressed (RFC 7692).
public enum CompressionPolicy: String, Sendable, CaseIterable {
    case off
    /// Each message by itself: an idle connection keeps nothing, and a fan-out compresses once.
    case noTakeover = "no-takeover"
    /// A message may refer to those before it, where the client wants that.
    case takeover
}

/// How much is logged of published messages.
public enum PublishLog: String, Sendable, CaseIterable {
    /// A line per message.
    case all
    /// A count per second.
    case summary
    /// Nothing.
    case off
}
