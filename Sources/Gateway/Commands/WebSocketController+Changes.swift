internal import Shared

/// Edits and deletes.
extension WebSocketController {
    /// Somebody else may change the same message at the same moment; then the new state is looked at again.
    private static let attempts = 8

    /// Carries out `/app/chat.edit` or `/app/chat.delete`.
    func changeMessage(_ body: ArraySlice<UInt8>, isEdit: Bool, from origin: Origin) async -> Outcome {
        do throws(CommandError) {
            return await change(
                try ChangeCommand(body, isEdit: isEdit, rules: config.content),
                from: origin)
        } catch {
            return .refused(error)
        }
    }

    /// Carries out a command on behalf of its sender.
    func change(_ command: ChangeCommand, from origin: Origin) async -> Outcome {
        if let retryAfter = await worker.limiter.take(.sends, .user(origin.identity.user)) {
            return .refused(.tooFast(retryAfter: retryAfter))
        }
        for _ in 0..<Self.attempts {
            do throws(CommandError) {
                if let outcome = try await attempt(command, origin) { return outcome }
            } catch {
                return .refused(error)
            }
        }
        return .refused(.unavailable())
    }

    /// Nil where somebody was faster.
    private func attempt(_ command: ChangeCommand, _ origin: Origin) async throws(CommandError) -> Outcome? {
        let role: String
        switch await worker.membership.check(origin.identity.user, in: command.conversation) {
        case .member(let found, _, _, _): role = found
        case .unavailable: throw CommandError.unavailable()
        case .notMember, .notFound:
            worker.log.authorisationFailed("change", origin, command.conversation)
            throw CommandError.conversationNotFound
        }
        let state: Event?
        do {
            state = try await worker.messages.state(of: command.message, in: command.conversation)
        } catch {
            throw CommandError.unavailable()
        }
        guard let state else {
            throw CommandError(.notFound, "There is no such message.", field: "messageId")
        }
        let result = try command.apply(
            to: state, by: origin.identity.user, isAdmin: role == "ADMIN" && state.head.recipients.isEmpty,
            now: WallClock.nowMilliseconds())
        switch result {
        case .already(let eventID): return .changed(command.conversation, eventID: eventID)
        case .change(let change, let json, let file):
            guard let file else { return try await submit(change, json, command, origin) }
            return try await delete(file) { () throws(CommandError) in
                try await submit(change, json, command, origin)
            }
        }
    }

    /// Deletes a message's file with it. Nobody gets the file from before the message is gone: one that is gone while its file
    /// isn't would be a promise broken. A message that stays keeps it.
    private func delete(
        _ file: UUID, _ change: () async throws(CommandError) -> Outcome?
    ) async throws(CommandError) -> Outcome? {
        do throws(PostgresError) {
            try await worker.files.hide(file)
        } catch {
            throw .unavailable()
        }
        do throws(CommandError) {
            // Nil: such a message can't be edited, so whoever was faster has deleted it, and looks after the file.
            let outcome = try await change()
            if outcome != nil { await worker.files.remove(file) }
            return outcome
        } catch {
            if error.code != .outcomeUnknown { await worker.files.restore(file) }
            throw error
        }
    }

    private func submit(
        _ change: MessageChange, _ json: MessageJSON, _ command: ChangeCommand, _ origin: Origin
    ) async throws(CommandError) -> Outcome? {
        // An id of our own, so that the gateway's repeated calls are answered once.
        let id = UUID.random().description
        let outcome: SendOutcome = await withCheckedContinuation { continuation in
            var draft = Draft(
                json, sender: origin.identity.user, clientMessageID: id,
                digest: DedupeDigest.digest(sender: origin.identity.user, clientMessageID: id),
                deadline: worker.loop.now + config.sendTimeout
            ) { continuation.resume(returning: $0) }
            draft.change = change
            worker.writePath.submit(draft)
        }
        switch outcome {
        case .accepted(let eventID, _): return .changed(command.conversation, eventID: eventID)
        case .refused(.conflict): return nil
        case .refused(let refusal): throw refusal.commandError
        }
    }
}
