internal import Shared

/// How a loop judges handshakes, tokens and tickets.
extension Worker {
    /// Whether a handshake may become a session: neither `redeem` nor `refreshKeys` comes out.
    func judge(_ request: HTTPRequest, from address: String) async -> JwtHandshakeInterceptor.Verdict {
        if let retryAfter = await limiter.take(.addresses, .address(address)) {
            return .refuse(.tooFast(retryAfter: retryAfter))
        }
        let verdict = await identified(node.interceptor.intercept(request), request)
        if case .accept(let identity, _, _) = verdict,
            let retryAfter = await limiter.take(.handshakes, .user(identity.user))
        {
            return .refuse(.tooFast(retryAfter: retryAfter))
        }
        return verdict
    }

    private func identified(
        _ verdict: JwtHandshakeInterceptor.Verdict, _ request: HTTPRequest
    ) async -> JwtHandshakeInterceptor.Verdict {
        switch verdict {
        case .accept, .refuse, .malformed: return verdict
        case .redeem(let ticket, let key, let subprotocol):
            do throws(HandshakeRefusal) {
                return .accept(try await identity(ticket: ticket), key: key, subprotocol: subprotocol)
            } catch {
                return .refuse(error)
            }
        case .refreshKeys:
            await node.keySet?.refresh(on: loop, log: log)
            return node.interceptor.intercept(request, keysAreFresh: true)
        }
    }

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
            throw HandshakeRefusal(.busy(retryAfter: 1_000), .tryLater, "The ticket can't be looked up at present.")
        }
        guard let found else {
            throw HandshakeRefusal(.token, .ticketRefused, "The ticket is unknown, used or too old.")
        }
        guard found.expiresAt > WallClock.nowMilliseconds() else {
            throw HandshakeRefusal(.token, .ticketRefused, "The token that the ticket was got with has expired.")
        }
        guard !node.revocations.covers(found) else {
            throw HandshakeRefusal(.token, .ticketRefused, JWTError.revoked.description)
        }
        return found
    }
}
