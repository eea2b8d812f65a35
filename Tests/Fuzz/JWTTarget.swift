@testable import Gateway
@testable import Shared

/// Tokens: nothing that isn't signed is accepted, and a signed payload may say what it likes.
enum JWTTarget {
    private static let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    private static let verifier = try? JWTVerifier(
        policy: JWTPolicy(algorithm: .hs256, key: .secret(secret), issuer: nil, audience: nil, leeway: 30))

    static func run(_ input: ArraySlice<UInt8>) {
        guard let verifier else { preconditionFailure("the policy is right") }
        // As it came: a made-up token can't have the right signature.
        let accepted = try? verifier.verify(String(decoding: input, as: UTF8.self), now: 1_000_000_000)
        expect(accepted == nil, "a token without a signature of ours was accepted")
        // As the payload of a token that is signed.
        let message = Base64.encodeURL(Array(#"{"alg":"HS256"}"#.utf8)) + "." + Base64.encodeURL(Array(input))
        let signature = Base64.encodeURL(HMACSHA256.digest(key: secret, Array(message.utf8)))
        if let claims = try? verifier.verify(message + "." + signature, now: 1_000_000_000) {
            _ = try? Identity(claims, leeway: 30_000)
        }
    }
}
