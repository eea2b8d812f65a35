internal import Shared

/// Who a client is, as its token says.
struct Identity: Sendable, Equatable {
    let user: UUID
    /// USER, SYSTEM or BOT.
    let senderType: String
    let roles: [String]
    /// When the token ends, in milliseconds since the Unix epoch, leeway included.
    let expiresAt: Int64
    /// When the token was made (`iat`), in seconds since the Unix epoch; 0 where it doesn't say.
    let issuedAt: Int64
    /// The token's `jti`.
    let tokenID: String?

    private static let senderTypes = Set(JWTClaims.senderTypes)

    init(
        user: UUID, senderType: String = "USER", roles: [String] = [], expiresAt: Int64 = .max, issuedAt: Int64 = 0,
        tokenID: String? = nil
    ) {
        self.user = user
        self.senderType = senderType
        self.roles = roles
        // What a ticket says comes from Redis; nothing that is reckoned with it may overflow.
        self.expiresAt = max(0, expiresAt)
        self.issuedAt = max(0, issuedAt)
        self.tokenID = tokenID
    }

    var isAdmin: Bool { roles.contains("admin") }

    /// Reads what Parley needs of a token's claims; `leeway` in milliseconds.
    init(_ claims: JWTClaims, leeway: Int64) throws(JWTError) {
        guard let user = UUID(claims.subject) else { throw .malformedClaim("sub") }
        let senderType = claims.senderType ?? "USER"
        guard Self.senderTypes.contains(senderType) else { throw .malformedClaim("sender_type") }
        let (milliseconds, overflows) = claims.expiresAt.multipliedReportingOverflow(by: 1_000)
        let (expiresAt, isTooLate) = milliseconds.addingReportingOverflow(leeway)
        self.init(
            user: user, senderType: senderType, roles: claims.roles,
            expiresAt: overflows || isTooLate ? .max : expiresAt, issuedAt: claims.issuedAt ?? 0, tokenID: claims.id)
    }
}

/// Where a command comes from: who, and by which session and address.
struct Origin: Sendable {
    let identity: Identity
    /// The STOMP session; nil for REST.
    let session: String?
    let address: String
}
