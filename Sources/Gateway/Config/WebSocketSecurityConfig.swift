import Shared

/// Who may connect: tokens, origins and proxies.
struct WebSocketSecurityConfig: Sendable {
    /// How tokens are signed: `HS256`, `RS256`, `ES256` or `EdDSA`.
    var algorithm: String
    /// The key of HS256, at least 32 bytes; set when the algorithm is HS256.
    var secret: [UInt8]?
    /// The PEM file with the public key; set when the algorithm is another and the keys don't come as a set.
    var publicKeyFile: String?
    /// Where the keys come from as a set.
    var keySet: KeySetKeeper.Source?
    /// How long a key set is good for, in milliseconds.
    var keySetLifetime: Int64
    /// The `iss` that tokens must have; nil for any.
    var issuer: String?
    /// The `aud` that tokens must have; nil for any.
    var audience: String?
    /// How far the clock of who makes tokens may be off, in milliseconds.
    var leeway: Int64
    /// How long a token may live from its `iat` to its `exp`, in milliseconds; 0 is any.
    var maximumLifetime: Int64
    /// Origins in lower case as browsers send them, or `*` among them for any.
    var allowedOrigins: [String]
    /// Whether `?access_token=` counts.
    var allowsQueryToken: Bool
    /// Addresses that may use the PROXY protocol, written as `SocketAddress.host` of a peer is.
    var trustedProxies: [String]

    /// The seconds for which a revocation is needed; nil for ever.
    var revocationSeconds: Int64? { RevocationLife.seconds(lifetime: maximumLifetime, leeway: leeway) }

    /// Reads the settings and checks them against one another.
    init(_ reader: inout ConfigReader) {
        algorithm = reader.read(GatewaySettings.jwtAlgorithm)
        secret = reader.read(GatewaySettings.jwtSecret)
        publicKeyFile = reader.read(GatewaySettings.jwtPublicKeyFile)
        keySetLifetime = reader.read(GatewaySettings.jwtJWKSLifetime)
        let authorities = reader.read(GatewaySettings.jwtJWKSCAFile)
        let file = reader.read(GatewaySettings.jwtJWKSFile)
        let url = reader.read(GatewaySettings.jwtJWKSURL)
        keySet = file.map { .file($0) } ?? url.map { .url($0, authorities: authorities) }
        issuer = reader.read(GatewaySettings.jwtIssuer)
        audience = reader.read(GatewaySettings.jwtAudience)
        leeway = reader.read(GatewaySettings.jwtLeeway)
        maximumLifetime = reader.read(GatewaySettings.jwtMaxLifetime)
        allowedOrigins = reader.read(GatewaySettings.allowedOrigins)
        allowsQueryToken = reader.read(GatewaySettings.allowQueryToken)
        trustedProxies = reader.read(GatewaySettings.trustedProxies)
        let algorithmSetting = GatewaySettings.jwtAlgorithm.declaration
        if algorithm == "HS256" {
            reader.check(
                secret != nil, [GatewaySettings.jwtSecret.declaration, algorithmSetting],
                "is required with PARLEY_JWT_ALGORITHM=HS256: a text of 32 bytes or more")
        } else {
            reader.check(
                [publicKeyFile, file, url].count { $0 != nil } == 1,
                [
                    GatewaySettings.jwtPublicKeyFile.declaration, GatewaySettings.jwtJWKSURL.declaration,
                    algorithmSetting,
                ],
                "exactly one of this, PARLEY_JWT_JWKS_FILE and PARLEY_JWT_JWKS_URL is required with"
                    + " PARLEY_JWT_ALGORITHM=\(algorithm)")
        }
    }
}
