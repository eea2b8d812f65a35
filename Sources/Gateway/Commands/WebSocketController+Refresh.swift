internal import Shared

/// `/app/auth.refresh`: a session lives on by a newer token of its user.
extension WebSocketController {
    func refreshToken(_ body: ArraySlice<UInt8>, from session: ClientSession) async -> Outcome {
        let identity: Identity
        do throws(CommandError) {
            identity = try await newIdentity(try Body(body).string("token"))
        } catch {
            return .refused(error)
        }
        guard identity.user == session.identity.user else {
            return .refused(CommandError(.notAllowed, "The token is another user's.", field: "token"))
        }
        guard identity.expiresAt > session.identity.expiresAt else {
            return .refused(
                CommandError(.invalidField, "The token must end later than the present one.", field: "token"))
        }
        session.takeOver(identity)
        return .done
    }

    private func newIdentity(_ token: String) async throws(CommandError) -> Identity {
        do throws(JWTError) {
            return try await worker.identity(token: token)
        } catch {
            throw CommandError(.invalidField, error.description, field: "token")
        }
    }
}
