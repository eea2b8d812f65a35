internal import Shared

/// Checks tokens; immutable but for what it asks, any loop may use it.
struct Authenticator: Sendable {
    private let verifier: JWTVerifier
    private let revocations: Revocations
    private let leeway: Int64

    init(_ config: WebSocketSecurityConfig, key: JWTKey, revocations: Revocations) throws(JWTError) {
        guard let algorithm = JWTAlgorithm(rawValue: config.algorithm) else { throw .wrongAlgorithm }
        verifier = try JWTVerifier(
            policy: JWTPolicy(
                algorithm: algorithm, key: key, issuer: config.issuer, audience: config.audience,
                leeway: config.leeway / 1_000,
                maximumLifetime: config.maximumLifetime == 0 ? nil : config.maximumLifetime / 1_000))
        self.revocations = revocations
        leeway = config.leeway
    }

    /// Who a token stands for.
    func identity(token: String) throws(JWTError) -> Identity {
        let claims = try verifier.verify(token, now: WallClock.nowMilliseconds() / 1_000)
        let identity = try Identity(claims, leeway: leeway)
        if revocations.covers(identity) { throw .revoked }
        return identity
    }
}
