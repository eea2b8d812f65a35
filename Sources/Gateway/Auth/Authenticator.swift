internal import Shared

/// Checks tokens; immutable, any loop may ask.
struct Authenticator: Sendable {
    private let verifier: JWTVerifier
    private let leeway: Int64

    /// `key` is the PEM file's content, where the algorithm needs one.
    init(_ config: WebSocketSecurityConfig, publicKey: PublicKey?) throws(JWTError) {
        guard let algorithm = JWTAlgorithm(rawValue: config.algorithm) else { throw .wrongAlgorithm }
        let key: JWTKey
        if let publicKey {
            key = .publicKey(publicKey)
        } else {
            key = .secret(config.secret ?? [])
        }
        verifier = try JWTVerifier(
            policy: JWTPolicy(
                algorithm: algorithm, key: key, issuer: config.issuer, audience: config.audience,
                leeway: config.leeway / 1_000))
        leeway = config.leeway
    }

    /// Who a token stands for.
    func identity(token: String) throws(JWTError) -> Identity {
        let claims = try verifier.verify(token, now: WallClock.nowMilliseconds() / 1_000)
        return try Identity(claims, leeway: leeway)
    }
}
