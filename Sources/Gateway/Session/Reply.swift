internal import Shared

/// What a SEND led to, for its sender: RECEIPT and acknowledgement, or the refusal.
struct Reply {
    enum Content {
        case done
        case sent(conversation: UUID, id: EventID, clientMessageID: String)
        case changed(conversation: UUID, eventID: EventID)
        case refused(CommandError, clientMessageID: String?)
    }

    let content: Content
    let destination: String
    let receipt: String?

    init(_ outcome: WebSocketController.Outcome, destination: String, receipt: String?) {
        self.destination = destination
        self.receipt = receipt
        switch outcome {
        case .done: content = .done
        case .sent(let command, let id):
            content = .sent(conversation: command.conversation, id: id, clientMessageID: command.clientMessageID)
        case .changed(let conversation, let eventID):
            content = .changed(conversation: conversation, eventID: eventID)
        case .refused(let error, let clientMessageID): content = .refused(error, clientMessageID: clientMessageID)
        }
    }
}

/// The replies of a session.
extension ClientSession {
    func tell(_ reply: Reply) {
        switch reply.content {
        case .done: sendReceipt(reply.receipt)
        case .sent(let conversation, let id, let clientMessageID):
            let messageID = "\(conversation).\(id)"
            sendReceipt(reply.receipt, [("message-id", messageID)])
            acknowledge(conversation, id, clientMessageID, messageID)
        case .changed(let conversation, let eventID):
            sendReceipt(reply.receipt, [("message-id", "\(conversation).\(eventID)")])
        case .refused(let error, let clientMessageID):
            refuse(
                error, destination: reply.destination, clientMessageID: clientMessageID, receipt: reply.receipt)
        }
    }

    func sendReceipt(_ receipt: String?, _ headers: [(String, String)] = []) {
        guard let receipt else { return }
        var frame: [UInt8] = []
        StompEncoder.appendReceipt(receipt, headers, version: version, to: &frame)
        send(stomp: frame)
    }

    private func acknowledge(_ conversation: UUID, _ id: EventID, _ clientMessageID: String, _ messageID: String) {
        let queues = replyQueues.filter { $0.destination == .acks }
        guard !queues.isEmpty else { return }
        let body = JSONWriter.bytes(
            .object(
                JSONObject([
                    ("clientMessageId", .string(clientMessageID)),
                    ("conversationId", .string(conversation.description)), ("messageId", .id(id)),
                    ("status", .string("SENT")),
                ])))
        for queue in queues {
            send(MessageFrame.encode(queue.style, id: messageID, event: "ack", body: body))
        }
    }

    /// Tells a refusal on the errors queue; without one it is an ERROR and the end of the connection.
    func refuse(
        _ error: CommandError, destination: String?, clientMessageID: String? = nil, receipt: String?
    ) {
        worker.metrics.framesRefused.increment()
        let queues = replyQueues.filter { $0.destination == .errors }
        guard !queues.isEmpty else {
            let headers = error.retryAfter.map { [("retry-after", String($0))] } ?? []
            return fail(
                StompFailure(error.code, error.message, headers: headers, receiptID: receipt),
                error.closeCode)
        }
        var members: [(String, JSON)] = [
            ("code", .string(error.code.rawValue)), ("number", .integer(Int64(error.code.number))),
            ("message", .string(error.message)),
        ]
        if let field = error.field { members.append(("field", .string(field))) }
        if let destination { members.append(("destination", .string(destination))) }
        if let clientMessageID { members.append(("clientMessageId", .string(clientMessageID))) }
        if let retryAfter = error.retryAfter { members.append(("retryAfterMs", .integer(retryAfter))) }
        if let receipt { members.append(("receipt-id", .string(receipt))) }
        let body = JSONWriter.bytes(.object(JSONObject(members)))
        for queue in queues {
            send(MessageFrame.encode(queue.style, id: "error-\(UUID.random())", event: "error", body: body))
        }
    }
}

extension CommandError {
    /// How a connection is closed that can't be told otherwise.
    fileprivate var closeCode: CloseCode {
        switch code.number / 100 {
        case 4: .tryAgainLater
        case 2: .forbidden
        default: .policy
        }
    }
}
