/// Why a text is no key set.
public enum JWKSetError: Error, Equatable, CustomStringConvertible {
    /// Not a JSON object with an array `keys`.
    case malformed
    /// None of its keys can verify tokens here.
    case noUsableKey

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .malformed: "not a JSON Web Key Set"
        case .noUsableKey: "no key that is supported: RSA of 2048 bits or more, P-256 or Ed25519, with use sig"
        }
    }
}

/// An issuer's public keys by id (RFC 7517, section 5; RFC 7518, section 6; RFC 8037, section 2).
///
/// Keys that can't be used are passed over, as section 5 asks for: an issuer may add kinds of its own.
public struct JWKSet: Sendable {
    /// So many keys are looked at; more is no key set.
    private static let maximumKeys = 100

    private let keys: [(id: String?, key: PublicKey)]

    /// Reads a set in its JSON form.
    public init(json: [UInt8]) throws(JWKSetError) {
        guard let elements = (try? JSONParser.parse(json))?.object?["keys"]?.array, elements.count <= Self.maximumKeys
        else { throw .malformed }
        keys = elements.compactMap { element in
            guard let jwk = element.object, let key = Self.key(jwk) else { return nil }
            return (jwk["kid"]?.string, key)
        }
        if keys.isEmpty { throw .noUsableKey }
    }

    /// How many keys can be used.
    public var count: Int { keys.count }

    /// The keys that may have signed a token with this `kid`; a token without one may be signed with any.
    func candidates(_ id: String?, _ kind: PublicKey.Kind) -> [PublicKey] {
        keys.filter { $0.key.kind == kind && (id == nil || $0.id?.hasSameBytes(as: id ?? "") == true) }.map(\.key)
    }

    private static func key(_ jwk: JSONObject) -> PublicKey? {
        if let use = jwk["use"]?.string, use != "sig" { return nil }
        switch (jwk["kty"]?.string, jwk["crv"]?.string) {
        case ("RSA", nil):
            guard let modulus = number(jwk, "n"), let exponent = number(jwk, "e") else { return nil }
            return try? PublicKey(modulus: modulus, exponent: exponent)
        case ("EC", "P-256"):
            guard let x = number(jwk, "x"), let y = number(jwk, "y"), x.count == 32, y.count == 32 else { return nil }
            return try? PublicKey(p256: x + y)
        case ("OKP", "Ed25519"):
            guard let x = number(jwk, "x"), x.count == 32 else { return nil }
            return try? PublicKey(ed25519: x)
        default: return nil
        }
    }

    private static func number(_ jwk: JSONObject, _ name: String) -> [UInt8]? {
        guard let text = jwk[name]?.string, let bytes = Base64.decodeURL(text.utf8), !bytes.isEmpty else { return nil }
        return bytes
    }
}
