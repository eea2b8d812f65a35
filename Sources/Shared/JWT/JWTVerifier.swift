/// How tokens are signed (RFC 7518, section 3.1; RFC 8037).
public enum JWTAlgorithm: String, Sendable, CaseIterable {
    /// HMAC with SHA-256.
    case hs256 = "HS256"
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// Ed25519.
    case edDSA = "EdDSA"
}

/// What verifies a token's signature.
public enum JWTKey: Sendable {
    /// The shared secret of HS256.
    case secret([UInt8])
    /// The issuer's public key.
    case publicKey(PublicKey)
    /// The issuer's present keys, asked for with each token: they change.
    case keySet(@Sendable () -> JWKSet?)
}

/// Which tokens are accepted.
public struct JWTPolicy: Sendable {
    /// The one algorithm; what a token says must be it.
    public let algorithm: JWTAlgorithm
    /// The key of that algorithm.
    public let key: JWTKey
    /// The `iss` that a token must have; nil for any.
    public let issuer: String?
    /// The `aud` that a token must have; nil for any.
    public let audience: String?
    /// How far the issuer's clock may be off, in seconds.
    public let leeway: Int64
    /// The most seconds from a token's `iat` to its `exp`; nil for any, and then it needs no `iat`.
    public let maximumLifetime: Int64?

    /// Makes a policy.
    public init(
        algorithm: JWTAlgorithm, key: JWTKey, issuer: String?, audience: String?, leeway: Int64,
        maximumLifetime: Int64? = nil
    ) {
        self.algorithm = algorithm
        self.key = key
        self.issuer = issuer
        self.audience = audience
        self.leeway = leeway
        self.maximumLifetime = maximumLifetime
    }
}

/// Verifies JSON Web Tokens (RFC 7519) by one policy: algorithm and key come from configuration, never from the token
/// (RFC 8725, section 3.1).
public struct JWTVerifier: Sendable {
    /// A longer token is no token, in bytes.
    public static let maximumLength = 8_192

    private let policy: JWTPolicy

    /// Makes a verifier; throws `wrongKeyType` where the policy's key isn't one of its algorithm.
    public init(policy: JWTPolicy) throws(JWTError) {
        switch (policy.algorithm, policy.key) {
        case (.hs256, .secret(let secret)) where !secret.isEmpty: break
        case (.rs256, .publicKey(let key)) where key.kind == .rsa: break
        case (.es256, .publicKey(let key)) where key.kind == .p256: break
        case (.edDSA, .publicKey(let key)) where key.kind == .ed25519: break
        case (.rs256, .keySet), (.es256, .keySet), (.edDSA, .keySet): break
        default: throw .wrongKeyType
        }
        self.policy = policy
    }

    /// A token's claims, if it is signed as it should be and valid at `now`, in seconds since the Unix epoch.
    public func verify(_ token: String, now: Int64) throws(JWTError) -> JWTClaims {
        let bytes = Array(token.utf8)
        guard bytes.count <= Self.maximumLength else { throw .malformed }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), let payload = Self.object(parts[1]),
            let signature = Base64.decodeURL(parts[2])
        else { throw .malformed }
        guard header["alg"]?.string == policy.algorithm.rawValue else { throw .wrongAlgorithm }
        // An extension that must be understood isn't (RFC 7515, section 4.1.11).
        guard header["crit"] == nil else { throw .malformed }
        try check(signature, of: Array(bytes[..<parts[1].endIndex]), keyID: header["kid"]?.string)
        let claims = try JWTClaims(payload)
        try check(claims, now)
        return claims
    }

    private static func object(_ part: ArraySlice<UInt8>) -> JSONObject? {
        guard let bytes = Base64.decodeURL(part), let value = try? JSONParser.parse(bytes) else { return nil }
        return value.object
    }

    private func check(_ signature: [UInt8], of message: [UInt8], keyID: String?) throws(JWTError) {
        let isValid =
            switch policy.key {
            case .secret(let secret): ConstantTime.equal(HMACSHA256.digest(key: secret, message), signature)
            case .publicKey(let key): key.isValid(signature: signature, for: message)
            case .keySet(let present):
                try candidates(in: present(), keyID).contains { $0.isValid(signature: signature, for: message) }
            }
        guard isValid else { throw .badSignature }
    }

    /// The keys of the configured algorithm's kind; the token only chooses among them.
    private func candidates(in set: JWKSet?, _ keyID: String?) throws(JWTError) -> [PublicKey] {
        let kind: PublicKey.Kind =
            switch policy.algorithm {
            case .es256: .p256
            case .edDSA: .ed25519
            case .rs256, .hs256: .rsa
            }
        let keys = set?.candidates(keyID, kind) ?? []
        if keys.isEmpty { throw .unknownKey }
        return keys
    }

    private func check(_ claims: JWTClaims, _ now: Int64) throws(JWTError) {
        guard now < claims.expiresAt.addingClamped(policy.leeway) else { throw .expired }
        if let notBefore = claims.notBefore, now < notBefore.addingClamped(-policy.leeway) { throw .notYetValid }
        if let issuedAt = claims.issuedAt, now < issuedAt.addingClamped(-policy.leeway) { throw .fromTheFuture }
        if let maximum = policy.maximumLifetime {
            // Without it a token could wait, revoked, until it is about to end.
            guard let issuedAt = claims.issuedAt else { throw .missingClaim("iat") }
            guard claims.expiresAt <= issuedAt.addingClamped(maximum) else { throw .livesTooLong }
        }
        // Byte by byte (RFC 7519, section 2, StringOrURI).
        if let issuer = policy.issuer, claims.issuer?.hasSameBytes(as: issuer) != true { throw .wrongIssuer }
        if let audience = policy.audience, !claims.audiences.contains(where: { $0.hasSameBytes(as: audience) }) {
            throw .wrongAudience
        }
    }
}

extension Int64 {
    /// The sum, or the nearest number that fits.
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other > 0 ? .max : .min) : sum
    }
}
