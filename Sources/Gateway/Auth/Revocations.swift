internal import Shared

/// The node's copy of what was revoked, so that a handshake or a REST call costs no round trip; any thread may ask.
///
/// The facts stand in Redis (`revocations`, written by `parley revoke`); `RevocationWatch` brings them.
final class Revocations: Sendable {
    /// How far the clock of who makes tokens may be ahead, in seconds: a token from before a revocation may seem that much younger.
    private let leeway: Int64
    private let facts = Locked<[String: Int64]>([:])

    init(leeway: Int64) {
        self.leeway = leeway
    }

    /// Takes facts: `u:<user>` or `j:<jti>`, and the second of its revocation. A later second wins.
    func add(_ members: [(name: String, second: Int64)]) {
        facts.withLock { facts in
            for (name, second) in members { facts[name] = max(facts[name] ?? 0, second) }
        }
    }

    /// Forgets the facts up to a second: no token is that old.
    func forget(upTo second: Int64) {
        facts.withLock { facts in facts = facts.filter { $0.value > second } }
    }

    /// How many there are.
    var count: Int { facts.withLock { $0.count } }

    /// Whether a token counts no longer: it is named, or all that its user got up to a second after it was made. A token that
    /// doesn't say when it was made is taken for an old one.
    func covers(_ identity: Identity) -> Bool {
        facts.withLock { facts in
            guard !facts.isEmpty else { return false }
            if let second = facts["u:\(identity.user)"], identity.issuedAt - leeway <= second { return true }
            guard let id = identity.tokenID else { return false }
            return facts["j:\(id)"] != nil
        }
    }
}
