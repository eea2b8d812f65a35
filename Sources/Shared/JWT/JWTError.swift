/// Why a token is refused; nothing of the token stands in it.
public enum JWTError: Error, Equatable, CustomStringConvertible {
    /// Not three parts of base64url with JSON in the first two.
    case malformed
    /// Signed in another way than the one that is configured, or not at all.
    case wrongAlgorithm
    /// The configured key isn't one of the configured algorithm.
    case wrongKeyType
    /// The signature isn't the one of the configured key.
    case badSignature
    /// The issuer's key set has no key that the token could be signed with.
    case unknownKey
    /// The token, or everything its owner got before, was revoked.
    case revoked
    /// `exp` has passed.
    case expired
    /// `nbf` hasn't come.
    case notYetValid
    /// `iat` lies ahead: no revocation could ever cover it.
    case fromTheFuture
    /// From `iat` to `exp` it is longer than tokens may live.
    case livesTooLong
    /// `iss` is another.
    case wrongIssuer
    /// `aud` is another.
    case wrongAudience
    /// A claim that is needed isn't there.
    case missingClaim(String)
    /// A claim has another form than it should.
    case malformedClaim(String)

    /// A sentence for the token's owner.
    public var description: String {
        switch self {
        case .malformed: "The token is malformed."
        case .wrongAlgorithm: "The token is signed with another algorithm than this server accepts."
        case .wrongKeyType: "The configured key doesn't fit the configured algorithm."
        case .badSignature: "The token's signature is wrong."
        case .unknownKey: "The token is signed with a key that the issuer doesn't tell."
        case .revoked: "The token was revoked."
        case .expired: "The token has expired."
        case .notYetValid: "The token isn't valid yet."
        case .fromTheFuture: "The token was made in the future."
        case .livesTooLong: "The token lives longer than this server accepts."
        case .wrongIssuer: "The token is from another issuer."
        case .wrongAudience: "The token is for another audience."
        case .missingClaim(let name): "The token lacks the claim \(name)."
        case .malformedClaim(let name): "The token's claim \(name) is malformed."
        }
    }
}
