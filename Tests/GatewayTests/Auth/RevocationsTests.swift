import Shared
import Testing

@testable import Gateway

@Suite struct RevocationsTests {
    private let user = UUID(high: 1, low: 2)

    @Test func aUsersTokensUpToASecondAreRevoked() {
        let revocations = Revocations(leeway: 0)
        revocations.add([("u:\(user)", 100), ("u:\(user)", 90)])
        #expect(revocations.covers(Identity(user: user, issuedAt: 100)))
        #expect(!revocations.covers(Identity(user: user, issuedAt: 101)))
        #expect(revocations.covers(Identity(user: user)), "a token that doesn't say when it was made")
        #expect(!revocations.covers(Identity(user: UUID(high: 1, low: 3), issuedAt: 1)))
    }

    /// The issuer's clock was ahead by as much as it may be.
    @Test func aTokenThatSeemsYoungerThanItsRevocationIsCovered() {
        let revocations = Revocations(leeway: 30)
        revocations.add([("u:\(user)", 100)])
        #expect(revocations.covers(Identity(user: user, issuedAt: 130)))
        #expect(!revocations.covers(Identity(user: user, issuedAt: 131)))
        #expect(revocations.covers(Identity(user: user, issuedAt: .min)))
    }

    @Test func oneTokenIsRevoked() {
        let revocations = Revocations(leeway: 0)
        revocations.add([("j:one", 100)])
        #expect(revocations.covers(Identity(user: user, issuedAt: 500, tokenID: "one")))
        #expect(!revocations.covers(Identity(user: user, issuedAt: 1, tokenID: "two")))
        #expect(!revocations.covers(Identity(user: user)))
    }

    @Test func whatNoTokenIsAsOldAsIsForgotten() {
        let revocations = Revocations(leeway: 0)
        revocations.add([("j:one", 100), ("j:two", 101)])
        revocations.forget(upTo: 100)
        #expect(revocations.count == 1 && revocations.covers(Identity(user: user, tokenID: "two")))
    }

    @Test func ticketsKeepWhatATokenSays() {
        for identity in [
            Identity(user: user),
            Identity(user: user, senderType: "BOT", roles: ["admin"], expiresAt: 5, issuedAt: 4, tokenID: "j"),
        ] { #expect(Identity(json: identity.json) == identity) }
        #expect(Identity(json: JSONObject([("user", .string("x"))])) == nil)
    }
}
