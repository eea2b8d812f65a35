import Shared
import Testing

@testable import Gateway

@Suite struct JwtHandshakeInterceptorTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private let revocations = Revocations(leeway: 0)
    private let user = "00000000-0000-4000-8000-00000000000a"

    private func interceptor(_ environment: [String: String] = [:]) throws -> JwtHandshakeInterceptor {
        let config = try GatewayConfig.read(
            environment: ["PARLEY_JWT_SECRET": Self.secret].merging(environment) { $1 })
        let authenticator = try Authenticator(
            config.security, key: .secret(config.security.secret ?? []), revocations: revocations)
        return JwtHandshakeInterceptor(authenticator, config.security)
    }

    private func token(_ claims: [(String, JSON)] = []) -> String {
        let all = [("sub", JSON.string(user)), ("exp", .integer(4_102_444_800))] + claims
        return JWTSigner.sign(JSONObject(all), secret: Array(Self.secret.utf8))
    }

    private func request(_ headers: [(String, String)] = [], query: String? = nil) -> HTTPRequest {
        let usual = [
            ("Host", "h"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]
        return HTTPRequest(method: "GET", path: "/ws", query: query, headers: HTTPHeaders(usual + headers))
    }

    private func code(_ verdict: JwtHandshakeInterceptor.Verdict) -> String? {
        if case .refuse(let refusal) = verdict { refusal.code } else { nil }
    }

    @Test func aTokenInTheHeader() throws {
        let verdict = try interceptor().intercept(request([("Authorization", "bearer \(token())")]))
        guard case .accept(let identity, _, let subprotocol) = verdict else {
            Issue.record("refused")
            return
        }
        #expect(identity.user.description == user && identity.senderType == "USER" && subprotocol == nil)
    }

    /// Browsers can't set headers: the token is a subprotocol, which is never echoed.
    @Test func aTokenAsSubprotocol() throws {
        let offered = "bearer.\(token()), v11.stomp, v12.stomp, other"
        let verdict = try interceptor().intercept(request([("Sec-WebSocket-Protocol", offered)]))
        guard case .accept(_, _, let subprotocol) = verdict else {
            Issue.record("refused")
            return
        }
        #expect(subprotocol == "v12.stomp")
    }

    /// A browser sends it by itself behind a proxy that asks for a password.
    @Test func anotherSchemeHidesNoToken() throws {
        let basic = ("Authorization", "Basic YTpi")
        let offered = ("Sec-WebSocket-Protocol", "v12.stomp, bearer.\(token())")
        guard case .accept = try interceptor().intercept(request([basic, offered])) else {
            Issue.record("refused")
            return
        }
        guard case .redeem(ticket: "t", _, _) = try interceptor().intercept(request([basic], query: "ticket=t")) else {
            Issue.record("no ticket")
            return
        }
    }

    @Test func aHandshakeWithContentIsNone() throws {
        var request = request([("Authorization", "bearer \(token())")])
        request.body = [1]
        guard case .malformed(let response) = try interceptor().intercept(request) else {
            Issue.record("accepted")
            return
        }
        #expect(response.status == 400)
    }

    @Test func aTokenInTheQueryCountsOnlyWhereItIsAllowed() throws {
        let request = request(query: "access_token=\(token())")
        #expect(code(try interceptor().intercept(request)) == "token-missing")
        let lenient = try interceptor(["PARLEY_ALLOW_QUERY_TOKEN": "true"])
        #expect(code(lenient.intercept(request)) == nil)
    }

    @Test func badTokens() throws {
        let interceptor = try interceptor()
        #expect(code(interceptor.intercept(request())) == "token-missing")
        for header in ["Bearer x", "Bearer ", "Basic abc", "Bearer \(token([("sender_type", .string("GOD"))]))"] {
            #expect(code(interceptor.intercept(request([("Authorization", header)])))?.hasPrefix("token-") == true)
        }
    }

    @Test func origins() throws {
        let interceptor = try interceptor(["PARLEY_ALLOWED_ORIGINS": "https://chat.example"])
        let authorization = ("Authorization", "Bearer \(token())")
        #expect(code(interceptor.intercept(request([authorization]))) == nil)
        #expect(code(interceptor.intercept(request([authorization, ("Origin", "https://CHAT.example")]))) == nil)
        #expect(
            code(interceptor.intercept(request([authorization, ("Origin", "https://evil.example")])))
                == "origin-not-allowed")
        #expect(code(interceptor.intercept(request([authorization, ("Origin", "null")]))) == "origin-not-allowed")
    }

    @Test func aTicketIsLeftToWhoCanRedeemIt() throws {
        guard case .redeem("abc", _, nil) = try interceptor().intercept(request(query: "ticket=abc")) else {
            Issue.record("not a ticket")
            return
        }
        // A token goes first.
        let both = request([("Authorization", "Bearer \(token())")], query: "ticket=abc")
        #expect(code(try interceptor().intercept(both)) == nil)
    }

    @Test func aRevokedTokenIsRefused() throws {
        let header = ("Authorization", "Bearer \(token([("jti", .string("j"))]))")
        #expect(code(try interceptor().intercept(request([header]))) == nil)
        revocations.add([("j:j", 1)])
        #expect(code(try interceptor().intercept(request([header]))) == "token-refused")
    }

    /// The issuer may have changed its keys; asked again, the answer is final.
    @Test func anUnknownKeyAsksForTheIssuersKeysOnce() throws {
        let config = try GatewayConfig.read(
            environment: ["PARLEY_JWT_ALGORITHM": "EdDSA", "PARLEY_JWT_JWKS_FILE": "/nowhere"])
        let authenticator = try Authenticator(config.security, key: .keySet { nil }, revocations: revocations)
        let interceptor = JwtHandshakeInterceptor(authenticator, config.security)
        let part = Base64.encodeURL(Array(#"{"alg":"EdDSA","kid":"new"}"#.utf8))
        let request = request([("Authorization", "Bearer \(part).\(part).c2ln")])
        guard case .refreshKeys = interceptor.intercept(request) else {
            Issue.record("the keys aren't asked for")
            return
        }
        #expect(code(interceptor.intercept(request, keysAreFresh: true)) == "token-refused")
    }

    @Test func refusalsSayHowToSignIn() {
        let response = HandshakeRefusal(.token, .tokenRefused, "The token has expired.").response
        #expect(response.status == 401)
        #expect(response.headers.first("WWW-Authenticate")?.contains("invalid_token") == true)
        #expect(HandshakeRefusal(.forbidden, .originNotAllowed, "y").response.status == 403)
        #expect(HandshakeRefusal(.forbidden, .originNotAllowed, "y").closeCode == .forbidden)
    }
}
