/// What a token says of its owner (RFC 7519, section 4.1, and claims of our own).
public struct JWTClaims: Sendable, Equatable {
    /// What `sender_type` may be.
    public static let senderTypes = ["USER", "SYSTEM", "BOT"]

    /// `sub`.
    public let subject: String
    /// `iss`.
    public let issuer: String?
    /// `aud`, one or several.
    public let audiences: [String]
    /// `exp` in seconds since the Unix epoch.
    public let expiresAt: Int64
    /// `nbf` in seconds since the Unix epoch.
    public let notBefore: Int64?
    /// `iat` in seconds since the Unix epoch.
    public let issuedAt: Int64?
    /// `jti`.
    public let id: String?
    /// `sender_type`.
    public let senderType: String?
    /// `name`.
    public let name: String?
    /// `role`, or all of `roles`.
    public let roles: [String]

    /// Reads the claims out of a token's payload; `sub` and `exp` are needed.
    init(_ payload: JSONObject) throws(JWTError) {
        guard let subject = try payload.text("sub") else { throw .missingClaim("sub") }
        guard let expiresAt = try payload.date("exp") else { throw .missingClaim("exp") }
        self.subject = subject
        self.expiresAt = expiresAt
        issuer = try payload.text("iss")
        audiences = try payload.texts("aud")
        notBefore = try payload.date("nbf")
        issuedAt = try payload.date("iat")
        id = try payload.text("jti")
        senderType = try payload.text("sender_type")
        name = try payload.text("name")
        roles = try payload.texts("roles") + payload.texts("role")
    }
}

extension JSONObject {
    fileprivate func text(_ name: String) throws(JWTError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .malformedClaim(name) }
        return text
    }

    /// One text, or an array of texts.
    fileprivate func texts(_ name: String) throws(JWTError) -> [String] {
        guard let value = self[name] else { return [] }
        if let text = value.string { return [text] }
        guard let elements = value.array else { throw .malformedClaim(name) }
        let texts = elements.compactMap(\.string)
        guard texts.count == elements.count else { throw .malformedClaim(name) }
        return texts
    }

    /// Seconds since the Unix epoch; a fraction is cut off (RFC 7519, section 2, NumericDate). What lies behind the year 9999 is its
    /// end, so that nothing that is reckoned with it can overflow.
    fileprivate func date(_ name: String) throws(JWTError) -> Int64? {
        guard let value = self[name] else { return nil }
        switch value {
        case .integer(let seconds) where seconds >= 0: return min(seconds, CivilDate.latest)
        case .number(let seconds):
            guard seconds >= 0, let whole = Int64(exactly: seconds.rounded(.down)) else { throw .malformedClaim(name) }
            return min(whole, CivilDate.latest)
        default: throw .malformedClaim(name)
        }
    }
}
