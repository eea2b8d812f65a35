import Testing

@testable import Shared

@Suite struct JWKSetTests {
    /// The keys of `SampleKeys` as JSON Web Keys, and some that can't be used.
    private static let json = """
        {"keys":[
        {"kty":"RSA","kid":"r","use":"sig","alg":"RS256","e":"AQAB","n":"pYqxJx4YgBRTr_JjQbmWdZP3ITLEKXk-04zO3vPJjcGLOWoA43\
        dVVw_8M9m_fnbTW-YoWRugCFrhAT5snsSF3zWzWISGsjR8ChKQ55ulMuM8rTXyWJIDx4VLcWv6dCIDB3VFro8QtSYbtM_xRozzFKFPyBUjDBKHi4HX\
        wpCfpil_8zlBvKtl9VqT9aMhWBrUHdOQ5AucUycd1yRSa5vAJ6gTFfJVUnbwphNsqhKoD7IwOod14b79RwX42INOCzv1di6FN_H4--UlU3LCgSZeCO\
        4518su1YFzZ1AXYZ0fA81CWXJh3h7Knq7PwUz2H9o5tvRNKoWn4BVlNEIcpQD_-w"},
        {"kty":"EC","kid":"p","crv":"P-256","x":"nRKzM1Mze0F4Niv2Xv7Le4EvLJIkQZxXqRB28xA7YJc",
        "y":"cyp6xpH7Pyeklmvl49v-mxFiLK_rnA0-gE-PWpJ_zTE"},
        {"kty":"OKP","kid":"d","crv":"Ed25519","x":"wOOqJvLl65_5bEbBxFwupOEuaBaUnZqKvkbkBVE0k9U"},
        {"kty":"RSA","kid":"enc","use":"enc","e":"AQAB","n":"AQ"},{"kty":"oct","k":"c2VjcmV0"},
        {"kty":"EC","kid":"off-curve","crv":"P-256","x":"nRKzM1Mze0F4Niv2Xv7Le4EvLJIkQZxXqRB28xA7YJc",
        "y":"nRKzM1Mze0F4Niv2Xv7Le4EvLJIkQZxXqRB28xA7YJc"},{"kty":"RSA","kid":"short","e":"AQAB","n":"_____w"},7]}
        """

    private func verifier(_ algorithm: JWTAlgorithm, _ set: JWKSet?) throws -> JWTVerifier {
        try JWTVerifier(
            policy: JWTPolicy(
                algorithm: algorithm, key: .keySet { set }, issuer: nil, audience: nil, leeway: 0))
    }

    @Test func eachKindOfKeyVerifies() throws {
        let set = try JWKSet(json: Array(Self.json.utf8))
        #expect(set.count == 3)
        let cases: [(JWTAlgorithm, String)] = [
            (.rs256, SampleKeys.rs256Token), (.es256, SampleKeys.es256Token), (.edDSA, SampleKeys.edDSAToken),
        ]
        for (algorithm, token) in cases {
            #expect(try verifier(algorithm, set).verify(token, now: 1).issuer == "issuer")
            #expect(throws: JWTError.unknownKey) { try verifier(algorithm, nil).verify(token, now: 1) }
        }
        #expect(throws: JWTError.wrongAlgorithm) { try verifier(.rs256, set).verify(SampleKeys.es256Token, now: 1) }
    }

    @Test func theKeyIDChoosesAmongThem() throws {
        let set = try JWKSet(json: Array(Self.json.utf8))
        #expect(set.candidates("r", .rsa).count == 1 && set.candidates(nil, .rsa).count == 1)
        #expect(set.candidates("p", .rsa).isEmpty && set.candidates("enc", .rsa).isEmpty)
    }

    @Test func whatIsNoKeySet() {
        for text in ["", "[]", "{}", #"{"keys":{}}"#] {
            #expect(throws: JWKSetError.malformed) { try JWKSet(json: Array(text.utf8)) }
        }
        #expect(throws: JWKSetError.noUsableKey) { try JWKSet(json: Array(#"{"keys":[{"kty":"oct"}]}"#.utf8)) }
    }

    @Test func aSharedSecretHasNoKeySet() {
        #expect(throws: JWTError.wrongKeyType) { try verifier(.hs256, nil) }
    }
}
