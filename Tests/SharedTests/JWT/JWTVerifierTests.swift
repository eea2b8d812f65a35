import Testing

@testable import Shared

@Suite struct JWTVerifierTests {
    private let secret = Array("0123456789abcdef0123456789abcdef".utf8)
    private let user = "00000000-0000-4000-8000-00000000000a"

    private func verifier(
        _ algorithm: JWTAlgorithm = .hs256, _ key: JWTKey? = nil, issuer: String? = nil, audience: String? = nil,
        leeway: Int64 = 0, maximumLifetime: Int64? = nil
    ) throws -> JWTVerifier {
        try JWTVerifier(
            policy: JWTPolicy(
                algorithm: algorithm, key: key ?? .secret(secret), issuer: issuer, audience: audience, leeway: leeway,
                maximumLifetime: maximumLifetime))
    }

    private func token(_ claims: [(String, JSON)]) -> String { JWTSigner.sign(JSONObject(claims), secret: secret) }

    private func publicKey(_ pem: String) throws -> JWTKey { .publicKey(try PublicKey(pem: Array(pem.utf8))) }

    @Test func aTokenFromTheFutureIsRefusedBeyondTheLeeway() throws {
        let verifier = try verifier(leeway: 30)
        func made(at second: Int64) -> String {
            token([("sub", .string(user)), ("exp", .integer(10_000)), ("iat", .integer(second))])
        }
        #expect(try verifier.verify(made(at: 130), now: 100).issuedAt == 130)
        #expect(throws: JWTError.fromTheFuture) { try verifier.verify(made(at: 131), now: 100) }
        #expect(throws: JWTError.fromTheFuture) { try verifier.verify(made(at: 1 << 52), now: 100) }
    }

    @Test func aTokenThatLivesTooLongIsRefused() throws {
        let bounded = try verifier(leeway: 30, maximumLifetime: 600)
        func living(from issued: Int64?, to end: Int64) -> String {
            token([("sub", .string(user)), ("exp", .integer(end))] + (issued.map { [("iat", .integer($0))] } ?? []))
        }
        #expect(try bounded.verify(living(from: 100, to: 700), now: 100).expiresAt == 700)
        #expect(throws: JWTError.livesTooLong) { try bounded.verify(living(from: 100, to: 701), now: 100) }
        // Not when it is about to end, either.
        #expect(throws: JWTError.livesTooLong) { try bounded.verify(living(from: 100, to: 9_000), now: 8_999) }
        #expect(throws: JWTError.missingClaim("iat")) { try bounded.verify(living(from: nil, to: 200), now: 100) }
        #expect(throws: JWTError.livesTooLong) { try bounded.verify(living(from: 0, to: .max), now: 100) }
        #expect(try verifier().verify(living(from: nil, to: 9_000), now: 100).expiresAt == 9_000)
    }

    @Test func readsAllClaims() throws {
        let claims = try verifier().verify(
            token([
                ("sub", .string(user)), ("exp", .integer(100)), ("nbf", .integer(5)), ("iat", .number(7.5)),
                ("iss", .string("i")), ("aud", .string("a")), ("jti", .string("j")), ("name", .string("n")),
                ("sender_type", .string("BOT")), ("roles", .array([.string("x")])), ("role", .string("admin")),
            ]), now: 10)
        #expect(claims.subject == user && claims.expiresAt == 100 && claims.notBefore == 5 && claims.issuedAt == 7)
        #expect(claims.issuer == "i" && claims.audiences == ["a"] && claims.id == "j" && claims.name == "n")
        #expect(claims.senderType == "BOT" && claims.roles == ["x", "admin"])
    }

    @Test func timeBoundsAreExactAndLenient() throws {
        let bounded = token([("sub", .string(user)), ("exp", .integer(100)), ("nbf", .integer(50))])
        #expect(throws: JWTError.expired) { try verifier().verify(bounded, now: 100) }
        #expect(throws: JWTError.notYetValid) { try verifier().verify(bounded, now: 49) }
        #expect(try verifier().verify(bounded, now: 99).expiresAt == 100)
        #expect(try verifier(leeway: 30).verify(bounded, now: 129).expiresAt == 100)
        #expect(throws: JWTError.expired) { try verifier(leeway: 30).verify(bounded, now: 130) }
        #expect(try verifier(leeway: 30).verify(bounded, now: 20).expiresAt == 100)
    }

    /// What can't be written as a date is the last that can: nothing that is reckoned with it may overflow.
    @Test func aTokenWithoutEndEndsWithTheCalendar() throws {
        let last: Int64 = 253_402_300_799
        for seconds in [JSON.integer(last), .integer(last + 1), .integer(.max), .number(1e18)] {
            let endless = token([("sub", .string(user)), ("exp", seconds), ("iat", seconds)])
            let claims = try verifier(leeway: 30).verify(endless, now: last)
            #expect(claims.expiresAt == last && claims.issuedAt == last)
        }
    }

    @Test func neededAndMalformedClaims() throws {
        let cases: [([(String, JSON)], JWTError)] = [
            ([("sub", .string(user))], .missingClaim("exp")), ([("exp", .integer(100))], .missingClaim("sub")),
            ([("sub", .integer(1)), ("exp", .integer(100))], .malformedClaim("sub")),
            ([("sub", .string(user)), ("exp", .string("100"))], .malformedClaim("exp")),
            ([("sub", .string(user)), ("exp", .integer(-1))], .malformedClaim("exp")),
            ([("sub", .string(user)), ("exp", .number(1e300))], .malformedClaim("exp")),
            ([("sub", .string(user)), ("exp", .integer(100)), ("aud", .integer(1))], .malformedClaim("aud")),
        ]
        for (claims, error) in cases {
            #expect(throws: error) { try verifier().verify(token(claims), now: 1) }
        }
    }

    @Test func issuerAndAudience() throws {
        let token = token([
            ("sub", .string(user)), ("exp", .integer(100)), ("iss", .string("me")),
            ("aud", .array([.string("a"), .string("b")])),
        ])
        #expect(try verifier(issuer: "me", audience: "b").verify(token, now: 1).subject == user)
        #expect(throws: JWTError.wrongIssuer) { try verifier(issuer: "you").verify(token, now: 1) }
        #expect(throws: JWTError.wrongAudience) { try verifier(audience: "c").verify(token, now: 1) }
    }

    /// RFC 7519, section 2: compared byte by byte, while Swift's `==` takes the Kelvin sign for a K.
    @Test func issuerAndAudienceAreComparedByBytes() throws {
        let token = token([
            ("sub", .string(user)), ("exp", .integer(100)), ("iss", .string("\u{212A}ai")),
            ("aud", .array([.string("\u{212A}")])),
        ])
        #expect(throws: JWTError.wrongIssuer) { try verifier(issuer: "Kai").verify(token, now: 1) }
        #expect(throws: JWTError.wrongAudience) { try verifier(audience: "K").verify(token, now: 1) }
    }

    @Test func publicKeySignatures() throws {
        let cases: [(JWTAlgorithm, String, String)] = [
            (.rs256, SampleKeys.rsa, SampleKeys.rs256Token), (.es256, SampleKeys.p256, SampleKeys.es256Token),
            (.edDSA, SampleKeys.ed25519, SampleKeys.edDSAToken),
        ]
        for (algorithm, pem, token) in cases {
            let verifier = try verifier(algorithm, try publicKey(pem), issuer: "issuer", audience: "parley")
            #expect(try verifier.verify(token, now: 1_700_000_000).subject == user)
            #expect(throws: JWTError.expired) { try verifier.verify(token, now: SampleKeys.expiry) }
        }
    }

    @Test func keysMustFitTheAlgorithm() throws {
        #expect(throws: JWTError.wrongKeyType) { try verifier(.rs256, try publicKey(SampleKeys.p256)) }
        #expect(throws: JWTError.wrongKeyType) { try verifier(.es256, try publicKey(SampleKeys.ed25519)) }
        #expect(throws: JWTError.wrongKeyType) { try verifier(.rs256, .secret(secret)) }
        #expect(throws: JWTError.wrongKeyType) { try verifier(.hs256, .secret([])) }
        #expect(throws: PublicKeyError.unsupported) { try PublicKey(pem: Array(SampleKeys.shortRSA.utf8)) }
        #expect(throws: PublicKeyError.malformed) { try PublicKey(pem: Array("no key".utf8)) }
    }

    /// RFC 8725, section 3.1: the algorithm isn't the token's to choose.
    @Test func algorithmConfusionIsRefused() throws {
        // Signed with the public key's text as if it were a shared secret.
        let confused = JWTSigner.sign(
            JSONObject([("sub", .string(user)), ("exp", .integer(100))]), secret: Array(SampleKeys.rsa.utf8))
        #expect(throws: JWTError.wrongAlgorithm) {
            try verifier(.rs256, try publicKey(SampleKeys.rsa)).verify(confused, now: 1)
        }
        let payload = Base64.encodeURL(Array(#"{"sub":"x","exp":100}"#.utf8))
        for header in [#"{"alg":"none"}"#, #"{"alg":"NONE"}"#, #"{"alg":"HS512"}"#, #"{}"#, #"{"alg":1}"#] {
            let token = Base64.encodeURL(Array(header.utf8)) + "." + payload + "."
            #expect(throws: JWTError.wrongAlgorithm) { try verifier().verify(token, now: 1) }
        }
    }

    /// RFC 7515, section 4.1.11.
    @Test func criticalExtensionsAreRefused() throws {
        let header = Base64.encodeURL(Array(#"{"alg":"HS256","crit":["exp"]}"#.utf8))
        let message = header + "." + Base64.encodeURL(Array(#"{"sub":"x","exp":100}"#.utf8))
        let token = message + "." + Base64.encodeURL(HMACSHA256.digest(key: secret, Array(message.utf8)))
        #expect(throws: JWTError.malformed) { try verifier().verify(token, now: 1) }
    }

    /// RFC 7515, appendix A.1: the signature holds, so that the missing `sub` is what is told.
    @Test func exampleOfTheStandard() throws {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        let token =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
            + "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let verifier = try verifier(.hs256, .secret(try #require(Base64.decodeURL(key.utf8))))
        #expect(throws: JWTError.missingClaim("sub")) { try verifier.verify(token, now: 1) }
        #expect(throws: JWTError.badSignature) { try verifier.verify(String(token.dropLast()) + "o", now: 1) }
    }

    /// RFC 7515, appendices A.2 and A.3, with the payload of A.1.
    @Test func publicKeyExamplesOfTheStandard() throws {
        let payload =
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        let cases: [(JWTAlgorithm, String, String, String)] = [
            (.rs256, SampleKeys.standardRSA, "eyJhbGciOiJSUzI1NiJ9", SampleKeys.standardRS256Signature),
            (.es256, SampleKeys.standardP256, "eyJhbGciOiJFUzI1NiJ9", SampleKeys.standardES256Signature),
        ]
        for (algorithm, pem, header, signature) in cases {
            let verifier = try verifier(algorithm, try publicKey(pem))
            #expect(throws: JWTError.missingClaim("sub")) {
                try verifier.verify("\(header).\(payload).\(signature)", now: 1)
            }
            var changed = try #require(Base64.decodeURL(signature.utf8))
            changed[changed.count / 2] ^= 1
            #expect(throws: JWTError.badSignature) {
                try verifier.verify("\(header).\(payload).\(Base64.encodeURL(changed))", now: 1)
            }
        }
    }

    /// RFC 8037, appendix A.4.
    @Test func ed25519ExampleOfTheStandard() throws {
        let point = try #require(Base64.decodeURL("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".utf8))
        let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
        let pem = "-----BEGIN PUBLIC KEY-----\n\(Base64.encode(prefix + point))\n-----END PUBLIC KEY-----\n"
        let key = try PublicKey(pem: Array(pem.utf8))
        let message = Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)
        var signature = try #require(
            Base64.decodeURL(
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg".utf8))
        #expect(key.isValid(signature: signature, for: message))
        signature[3] ^= 1
        #expect(!key.isValid(signature: signature, for: message))
    }

    @Test func everyFlippedBitIsFound() throws {
        let verifier = try verifier()
        let token = Array(token([("sub", .string(user)), ("exp", .integer(100))]).utf8)
        #expect(try verifier.verify(String(decoding: token, as: UTF8.self), now: 1).subject == user)
        for position in token.indices {
            for bit in 0..<7 {
                var changed = token
                changed[position] ^= 1 << UInt8(bit)
                #expect(throws: JWTError.self) { try verifier.verify(String(decoding: changed, as: UTF8.self), now: 1) }
            }
        }
        for count in 0..<token.count {
            #expect(throws: JWTError.self) {
                try verifier.verify(String(decoding: token.prefix(count), as: UTF8.self), now: 1)
            }
        }
        #expect(throws: JWTError.malformed) { try verifier.verify(String(repeating: "a", count: 9_000), now: 1) }
    }
    @Test func nothingTrapsOnNoise() throws {
        var random = SeededGenerator(state: 5)
        let verifiers = try [
            verifier(), verifier(.rs256, publicKey(SampleKeys.rsa)), verifier(.es256, publicKey(SampleKeys.p256)),
            verifier(.edDSA, publicKey(SampleKeys.ed25519)),
        ]
        let tokens = [
            token([("sub", .string(user)), ("exp", .integer(100))]), SampleKeys.rs256Token, SampleKeys.es256Token,
            SampleKeys.edDSAToken,
        ]
        for round in 0..<2_000 {
            let bytes = Array(tokens[round % 4].utf8)
            let mutated = random.mutate(bytes)
            guard mutated != bytes else { continue }
            #expect(throws: JWTError.self) {
                try verifiers[round % 4].verify(String(decoding: mutated, as: UTF8.self), now: 1)
            }
        }
    }

    /// What is told of a refusal stands in logs and answers.
    @Test func errorsHoldNothingOfTheToken() {
        let secret = "s3cr3t"
        let token = token([("sub", .string(secret)), ("exp", .string(secret))])
        do {
            _ = try verifier().verify(token, now: 1)
            Issue.record("no error")
        } catch {
            #expect(!"\(error)".contains(secret) && "\(error)" == "The token's claim exp is malformed.")
        }
    }
}
