/// Why something a client asked for was refused: the code in entries of `/user/queue/errors`, in ERROR frames and in the
/// problem details of REST.
///
/// The number's hundreds tell what to do: 1xx the request is wrong and stays so, 2xx the client may not, 3xx the thing isn't
/// there or isn't in that state, 4xx try again later.
enum ErrorCode: String, CaseIterable, Sendable {
    case malformedJSON = "malformed-json"
    case missingField = "missing-field"
    case invalidField = "invalid-field"
    case contentTooLong = "content-too-long"
    case unknownDestination = "unknown-destination"
    case wrongDestination = "wrong-destination"
    case fileTooLarge = "file-too-large"
    case uploadIncomplete = "upload-incomplete"
    case notAllowed = "not-allowed"
    case tooManySubscriptions = "too-many-subscriptions"
    case tooManySessions = "too-many-sessions"
    case notFound = "not-found"
    case archived = "archived"
    case transactionStopped = "transaction-stopped"
    case tryLater = "try-later"
    case tooFast = "too-fast"
    case outcomeUnknown = "outcome-unknown"
    case internalError = "internal-error"

    /// A number that never changes.
    var number: Int {
        switch self {
        case .malformedJSON: 100
        case .missingField: 101
        case .invalidField: 102
        case .contentTooLong: 103
        case .unknownDestination: 104
        case .wrongDestination: 105
        case .fileTooLarge: 106
        case .uploadIncomplete: 107
        case .notAllowed: 200
        case .tooManySubscriptions: 201
        case .tooManySessions: 202
        case .notFound: 300
        case .archived: 301
        case .transactionStopped: 302
        case .tryLater: 400
        case .tooFast: 401
        case .outcomeUnknown: 402
        case .internalError: 403
        }
    }

    /// The status of an HTTP response that says the same.
    var status: Int {
        switch self {
        case .malformedJSON, .missingField, .invalidField, .unknownDestination, .wrongDestination: 400
        case .contentTooLong, .fileTooLarge: 413
        case .uploadIncomplete: 408
        case .notAllowed: 403
        case .notFound: 404
        case .archived, .transactionStopped: 409
        case .tooManySubscriptions, .tooManySessions, .tooFast: 429
        case .tryLater: 503
        case .outcomeUnknown: 504
        case .internalError: 500
        }
    }
}
