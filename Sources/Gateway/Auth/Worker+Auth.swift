internal import Shared

/// How a loop checks tokens and tickets.
extension Worker {
    /// Who a token stands for; a key that isn't known makes the issuer's keys be read again first, now and then.
    func identity(token: String) async throws(JWTError) -> Identity {
        do throws(JWTError) {
            return try node.authenticator.identity(token: token)
        } catch {
            guard error == .unknownKey, let keySet = node.keySet else { throw error }
            await keySet.refresh(on: loop, log: log)
            return try node.authenticator.identity(token: token)
        }
    }

    /// Who a ticket stands for, once.
    func identity(ticket: String) async throws(HandshakeRefusal) -> Identity {
        let found: Identity?
        do {
            found = try await Tickets(redis).redeem(ticket)
        } catch {
            throw HandshakeRefusal(.busy(retryAfter: 1_000), "try-later", "The ticket can't be looked up at present.")
        }
        guard let found else {
            throw HandshakeRefusal(.token, "ticket-refused", "The ticket is unknown, used or too old.")
        }
        guard found.expiresAt > WallClock.nowMilliseconds() else {
            throw HandshakeRefusal(.token, "ticket-refused", "The token that the ticket was got with has expired.")
        }
        guard !node.revocations.covers(found) else {
            throw HandshakeRefusal(.token, "ticket-refused", JWTError.revoked.description)
        }
        return found
    }
}
