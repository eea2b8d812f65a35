internal import Glibc
internal import Shared

/// The commands of clients: validates, authorises and publishes; it holds no business logic.
///
/// Confined to its worker's loop.
final class WebSocketController {
    /// What a command led to, for the one who sent it.
    enum Outcome {
        /// A message was accepted.
        case sent(SendCommand, id: EventID)
        /// A message was edited or deleted.
        case changed(UUID, eventID: EventID)
        /// It was carried out, and there is nothing to tell.
        case done
        case refused(CommandError, clientMessageID: String? = nil)
    }

    let worker: Worker
    let config: GatewayConfig

    init(worker: Worker) {
        self.worker = worker
        config = worker.node.config
    }

    private static let fileField = Array(#""fileId""#.utf8)

    /// Whether a SEND may wait for its answer side by side with others; the rest are carried out one after the other: what comes
    /// behind a message with a file, which is looked up first, must not overtake it.
    static func isPipelined(_ destination: String, _ body: ArraySlice<UInt8>) -> Bool {
        switch destination {
        case "/app/chat.edit", "/app/chat.delete", "/app/auth.refresh": false
        case "/app/chat.send": !mentionsFile(body)
        default: true
        }
    }

    private static func mentionsFile(_ body: ArraySlice<UInt8>) -> Bool {
        body.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, bytes.count >= fileField.count else { return false }
            return (0...bytes.count - fileField.count).contains { place in
                bytes[place] == fileField[0] && memcmp(base + place, fileField, fileField.count) == 0
            }
        }
    }

    /// Carries out a SEND; `completion` is called once, now or later.
    func handle(
        _ destination: String, _ body: ArraySlice<UInt8>, from session: ClientSession,
        _ completion: @escaping (Outcome) -> Void
    ) {
        switch destination {
        case "/app/chat.send": sendMessage(body, from: session.origin, completion)
        case "/app/chat.typing": typingIndicator(body, from: session, completion)
        case "/app/chat.read", "/app/chat.delivered":
            let origin = session.origin
            worker.loop.spawn { [self] in
                completion(await moveCursor(body, isRead: destination == "/app/chat.read", from: origin))
            }
        case "/app/chat.edit", "/app/chat.delete":
            let origin = session.origin
            worker.loop.spawn { [self] in
                completion(await changeMessage(body, isEdit: destination == "/app/chat.edit", from: origin))
            }
        case "/app/auth.refresh":
            worker.loop.spawn { [self] in completion(await refreshToken(body, from: session)) }
        default:
            completion(
                .refused(CommandError(.unknownDestination, "Nothing can be sent to this destination.")))
        }
    }

    /// `/app/chat.send`, and `POST …/messages` where `conversation` is named by the URL.
    func sendMessage(
        _ body: some Collection<UInt8>, conversation: UUID? = nil, from origin: Origin,
        _ completion: @escaping (Outcome) -> Void
    ) {
        let command: SendCommand
        do {
            command = try SendCommand(
                body, conversation: conversation, sender: origin.identity,
                rules: config.content)
        } catch {
            return completion(.refused(error))
        }
        worker.limiter.take(.sends, .user(origin.identity.user)) { [self] retryAfter in
            if let retryAfter {
                return completion(
                    .refused(.tooFast(retryAfter: retryAfter), clientMessageID: command.clientMessageID))
            }
            guard let file = command.file else { return submit(command, from: origin, completion) }
            worker.loop.spawn { [self] in
                var command = command
                do throws(CommandError) {
                    try await attach(file, to: &command, origin)
                } catch {
                    return submit(command, onlyRepeats: error, from: origin, completion)
                }
                submit(command, from: origin, completion)
            }
        }
    }

    /// Claims the file that a message is to show, and attaches what is known of it.
    private func attach(
        _ file: UUID, to command: inout SendCommand, _ origin: Origin
    ) async throws(CommandError) {
        let facts: FileFacts?
        do throws(PostgresError) {
            facts = try await worker.files.take(file, in: command.conversation, by: origin.identity.user)
        } catch {
            throw .unavailable()
        }
        guard let facts else {
            throw CommandError(
                .notFound, "There is no such file that you have uploaded for this conversation.", field: "fileId")
        }
        do {
            try command.attach(facts, config.content)
        } catch {
            await worker.files.giveBack(file)
            throw error
        }
    }

    /// Submits a message. With `onlyRepeats` nothing new can come of it: one that was accepted before is told so, and any other is
    /// refused for that reason.
    private func submit(
        _ command: SendCommand, onlyRepeats reason: CommandError? = nil, from origin: Origin,
        _ completion: @escaping (Outcome) -> Void
    ) {
        let worker = worker
        let started = worker.loop.now
        let draft = command.draft(
            sender: origin.identity, onlyRepeats: reason != nil, deadline: started + config.sendTimeout
        ) { outcome in
            if let file = command.attachedFile, outcome.isNothingNew {
                worker.loop.spawn { await worker.files.giveBack(file) }
            }
            switch outcome {
            case .refused(.notFound) where reason != nil:
                completion(.refused(reason ?? .unavailable(), clientMessageID: command.clientMessageID))
            case .accepted(let id, let isRepeat):
                worker.metrics.acceptLatency.observe(milliseconds: worker.loop.now - started)
                (isRepeat ? worker.metrics.messagesRepeated : worker.metrics.messagesAccepted).increment()
                worker.publishLog.accepted(command, id: id, isRepeat: isRepeat, from: origin)
                completion(.sent(command, id: id))
            case .refused(let refusal):
                worker.publishLog.refused(command, refusal, from: origin)
                completion(.refused(refusal.commandError, clientMessageID: command.clientMessageID))
            }
        }
        worker.writePath.submit(draft)
    }

    /// `/app/chat.read`, `/app/chat.delivered`, and `POST …/read` where `conversation` is named by the URL.
    func moveCursor(
        _ body: some Collection<UInt8>, isRead: Bool, conversation: UUID? = nil, from origin: Origin
    ) async -> Outcome {
        let place: UUID
        let message: EventID
        do {
            let body = try Body(body)
            if let conversation { place = conversation } else { place = try body.uuid("conversationId") }
            message = try body.eventID("messageId")
            try await worker.limiter.admit(.cursors, origin.identity.user)
        } catch {
            return .refused(error)
        }
        switch await worker.cursors.move(
            origin.identity.user, in: place, delivered: message, read: isRead ? message : .zero)
        {
        case .moved: return .done
        case .unavailable: return .refused(.unavailable())
        case .notFound:
            worker.log.authorisationFailed("read", origin, place)
            return .refused(.conversationNotFound)
        }
    }

    /// `/app/chat.typing`.
    func typingIndicator(
        _ body: ArraySlice<UInt8>, from session: ClientSession, _ completion: @escaping (Outcome) -> Void
    ) {
        let conversation: UUID
        let isTyping: Bool
        do {
            let body = try Body(body)
            conversation = try body.uuid("conversationId")
            isTyping = try body.bool("typing")
        } catch {
            return completion(.refused(error))
        }
        worker.limiter.take(.typing, .user(session.identity.user)) { [self] retryAfter in
            if let retryAfter { return completion(.refused(.tooFast(retryAfter: retryAfter))) }
            tellTyping(isTyping, in: conversation, from: session, completion)
        }
    }

    private func tellTyping(
        _ isTyping: Bool, in conversation: UUID, from session: ClientSession,
        _ completion: @escaping (Outcome) -> Void
    ) {
        worker.loop.spawn { [worker] in
            // Who is subscribed was authorised then; everybody else is looked up.
            if !session.hasTopic(of: conversation) {
                switch await worker.membership.check(session.identity.user, in: conversation) {
                case .member: break
                case .unavailable: return completion(.refused(.unavailable()))
                case .notMember, .notFound:
                    worker.log.authorisationFailed("typing", session.origin, conversation)
                    return completion(.refused(.conversationNotFound))
                }
            }
            if !session.isEnded { session.typing.changed(conversation, isTyping: isTyping) }
            completion(.done)
        }
    }
}
