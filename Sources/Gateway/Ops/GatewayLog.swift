internal import Shared

/// The lines that one greps for: each exists once, with the same fields.
extension Logger {
    func connected(_ origin: Origin, version: String) {
        info(
            "connected",
            [
                .session: .string(origin.session ?? "-"), .user: .uuid(origin.identity.user),
                .address: .string(origin.address), .version: .string(version),
            ])
    }

    func disconnected(_ origin: Origin, code: UInt16, reason: String) {
        info(
            "disconnected",
            [
                .session: .string(origin.session ?? "-"), .user: .uuid(origin.identity.user), .code: .number(code),
                .reason: .string(reason),
            ])
    }

    func subscribed(_ origin: Origin, _ destination: String) {
        info(
            "subscribed",
            [
                .session: .string(origin.session ?? "-"), .user: .uuid(origin.identity.user),
                .destination: .string(destination),
            ])
    }

    /// Clients hear "not found" whether the conversation exists or not; the log names the conversation asked for.
    func authorisationFailed(_ command: StaticString, _ origin: Origin, _ conversation: UUID) {
        warning(
            "authorisation failed",
            [
                .command: .string("\(command)"), .session: .string(origin.session ?? "-"),
                .user: .uuid(origin.identity.user), .conversation: .uuid(conversation),
                .address: .string(origin.address),
            ])
    }

    /// Never the file's name, which may tell what is in it.
    func fileUploaded(_ facts: FileFacts, _ origin: Origin) {
        info(
            "file uploaded",
            [
                .file: .uuid(facts.id), .user: .uuid(origin.identity.user), .conversation: .uuid(facts.conversation),
                .bytes: .integer(facts.size), .address: .string(origin.address),
            ])
    }

    func handshakeRefused(_ code: String, address: String) {
        warning("handshake refused", [.code: .string(code), .address: .string(address)])
    }
}

/// Logs published messages: each, a count per second, or nothing. Never their content.
final class PublishLogger {
    private let mode: PublishLog
    private let log: Logger
    private var accepted = 0

    init(_ mode: PublishLog, _ log: Logger, _ loop: EventLoop) {
        self.mode = mode
        self.log = log
        guard mode == .summary else { return }
        loop.scheduleRepeating(every: 1_000) { [weak self] in
            self?.summarise()
            return self != nil
        }
    }

    func accepted(_ command: SendCommand, id: EventID, isRepeat: Bool, from origin: Origin) {
        switch mode {
        case .off: break
        case .summary: accepted += 1
        case .all:
            log.info(
                "published",
                [
                    .conversation: .uuid(command.conversation), .messageID: .id(id),
                    .user: .uuid(origin.identity.user), .session: .string(origin.session ?? "-"),
                    .bytes: .number(command.content.utf8.count), .code: isRepeat ? "repeated" : "accepted",
                ])
        }
    }

    func refused(_ command: SendCommand, _ refusal: SendRefusal, from origin: Origin) {
        if case .notFound = refusal { return log.authorisationFailed("send", origin, command.conversation) }
        log.warning(
            "message refused",
            [
                .conversation: .uuid(command.conversation), .user: .uuid(origin.identity.user),
                .session: .string(origin.session ?? "-"), .reason: .string("\(refusal)"),
            ])
    }

    private func summarise() {
        guard accepted > 0 else { return }
        log.info("published", [.count: .number(accepted)])
        accepted = 0
    }
}
