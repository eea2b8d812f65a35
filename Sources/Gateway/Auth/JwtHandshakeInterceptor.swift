internal import Shared

/// Judges the opening handshake of a WebSocket: its origin, its token, its subprotocol.
struct JwtHandshakeInterceptor: Sendable {
    enum Verdict {
        case accept(Identity, key: String, subprotocol: String?)
        /// The same for the owner of a ticket, once it is redeemed.
        case redeem(ticket: String, key: String, subprotocol: String?)
        /// The token's key isn't known: read the issuer's keys again, then ask again.
        case refreshKeys
        /// An HTTP response, and what `/ws?explain=1` says instead.
        case refuse(HandshakeRefusal)
        /// The request isn't a valid handshake.
        case malformed(HTTPResponse)
    }

    private static let bearer = "bearer."

    private let authenticator: Authenticator
    private let config: WebSocketSecurityConfig

    init(_ authenticator: Authenticator, _ config: WebSocketSecurityConfig) {
        self.authenticator = authenticator
        self.config = config
    }

    /// `keysAreFresh` where the issuer's keys have just been read again for this request.
    func intercept(_ request: HTTPRequest, keysAreFresh: Bool = false) -> Verdict {
        let key: String
        let offered: [String]
        switch WebSocketHandshake.accept(request) {
        case .refuse(let response): return .malformed(response)
        case .accept(let accepted, let protocols):
            key = accepted
            offered = protocols
        }
        guard CrossOrigin(allowed: config.allowedOrigins).allows(request.headers.first("Origin")) else {
            return .refuse(HandshakeRefusal(.forbidden, .originNotAllowed, "This Origin may not connect."))
        }
        let subprotocol = StompVersion.subprotocol(among: offered)
        guard let token = token(of: request, offered) else {
            if let ticket = HTTPQuery(request.query)?.first("ticket") {
                return .redeem(ticket: ticket, key: key, subprotocol: subprotocol)
            }
            return .refuse(HandshakeRefusal(.token, .tokenMissing, "The handshake has no token."))
        }
        do {
            return .accept(try authenticator.identity(token: token), key: key, subprotocol: subprotocol)
        } catch {
            if error == .unknownKey, !keysAreFresh { return .refreshKeys }
            return .refuse(HandshakeRefusal(.token, .tokenRefused, error.description))
        }
    }

    /// The token: the first one found of header, subprotocol and, where it is allowed, query.
    private func token(of request: HTTPRequest, _ offered: [String]) -> String? {
        // Of another scheme the header is somebody else's business: a browser's, for a proxy that asks for a password.
        if let token = request.headers.first("Authorization").flatMap(Self.bearerToken) { return token }
        if let found = offered.first(where: { $0.hasPrefix(Self.bearer) }) {
            return String(found.dropFirst(Self.bearer.count))
        }
        guard config.allowsQueryToken else { return nil }
        return HTTPQuery(request.query)?.first("access_token")
    }

    /// The token in an Authorization header (RFC 6750, section 2.1).
    static func bearerToken(_ header: String) -> String? {
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }
}

/// Why a handshake is refused.
struct HandshakeRefusal: Error, Equatable {
    enum Kind: Equatable {
        case token
        case forbidden
        /// Not now; milliseconds until it may go.
        case busy(retryAfter: Int64)
        /// Too many from this user or address; milliseconds until it may go.
        case tooFast(retryAfter: Int64)
    }

    let kind: Kind
    let errorCode: ErrorCode
    let message: String

    var code: String { errorCode.rawValue }

    init(_ kind: Kind, _ code: ErrorCode, _ message: String) {
        self.kind = kind
        errorCode = code
        self.message = message
    }

    /// How a WebSocket is closed that was accepted only to tell.
    var closeCode: CloseCode {
        switch kind {
        case .token: .token
        case .forbidden: .forbidden
        case .busy: .tryAgainLater
        case .tooFast: .tooManyOrTooSlow
        }
    }

    var response: HTTPResponse {
        switch kind {
        case .forbidden: errorCode.problem(message)
        case .token: Self.unauthorized(errorCode, message)
        case .busy(let retryAfter), .tooFast(let retryAfter):
            errorCode.problem(message, retryAfter: Int((retryAfter + 999) / 1_000))
        }
    }

    /// More handshakes than the user or the address may make.
    static func tooFast(retryAfter: Int64) -> HandshakeRefusal {
        HandshakeRefusal(.tooFast(retryAfter: retryAfter), .tooFast, "Too many handshakes; try again later.")
    }

    /// 401 with the challenge that RFC 6750, section 3 asks for.
    static func unauthorized(_ code: ErrorCode, _ message: String) -> HTTPResponse {
        var response = code.problem(message)
        let isMissing = code == .tokenMissing
        response.headers.add(
            "WWW-Authenticate",
            isMissing ? "Bearer realm=\"parley\"" : "Bearer realm=\"parley\", error=\"invalid_token\"")
        return response
    }
}
