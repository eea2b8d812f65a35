internal import Shared

/// A refusal that the client is told of.
struct CommandError: Error, Equatable {
    var code: ErrorCode
    /// A sentence for people; nothing of a user's text stands in it.
    var message: String
    /// The field of the body that is wrong.
    var field: String?
    /// When to try again, in milliseconds.
    var retryAfter: Int64?

    init(_ code: ErrorCode, _ message: String, field: String? = nil, retryAfter: Int64? = nil) {
        self.code = code
        self.message = message
        self.field = field
        self.retryAfter = retryAfter
    }

    /// What is wrong with a body that isn't the JSON it should be.
    init(_ error: JSONError) {
        self.init(.malformedJSON, error.description, field: error.field)
    }

    /// Something that this node needs can't be reached.
    static func unavailable(retryAfter: Int64 = 1_000) -> CommandError {
        CommandError(.tryLater, "The server can't do this at present; try again later.", retryAfter: retryAfter)
    }

    /// What a user hears of a conversation that he isn't in as of one that isn't there, so that ids can't be probed.
    static let conversationNotFound = CommandError(.notFound, "There is no such conversation.", field: "conversationId")

    /// The problem details of REST that say the same.
    var response: HTTPResponse {
        code.problem(
            message, retryAfter: retryAfter.map { Int(($0 + 999) / 1_000) },
            extra: field.map { [("field", .string($0))] } ?? [])
    }
}

extension SendRefusal {
    /// What the sender is told.
    var commandError: CommandError {
        switch self {
        case .notFound: .conversationNotFound
        case .archived: CommandError(.archived, "The conversation is archived.", field: "conversationId")
        case .full:
            CommandError(.tryLater, "The server is behind with storing messages; try again later.", retryAfter: 5_000)
        case .exhausted: CommandError(.internalError, "The conversation can't take more messages.")
        case .corrupt:
            CommandError(.internalError, "The conversation's data is damaged; the operator has to repair it.")
        case .unavailable, .conflict: .unavailable()
        case .outcomeUnknown:
            CommandError(
                .outcomeUnknown, "No answer came in time; sending again with the same clientMessageId is safe.",
                retryAfter: 1_000)
        }
    }
}
