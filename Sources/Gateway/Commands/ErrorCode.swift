internal import Shared

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
    case badRequest = "bad-request"
    case methodNotAllowed = "method-not-allowed"
    case upgradeRequired = "upgrade-required"
    case requestTimeout = "request-timeout"
    case notAllowed = "not-allowed"
    case tooManySubscriptions = "too-many-subscriptions"
    case tooManySessions = "too-many-sessions"
    case tokenMissing = "token-missing"
    case tokenRefused = "token-refused"
    case ticketRefused = "ticket-refused"
    case originNotAllowed = "origin-not-allowed"
    case notFound = "not-found"
    case archived = "archived"
    case transactionStopped = "transaction-stopped"
    case tryLater = "try-later"
    case tooFast = "too-fast"
    case outcomeUnknown = "outcome-unknown"
    case internalError = "internal-error"
    case tooManyConnections = "too-many-connections"

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
        case .badRequest: 108
        case .methodNotAllowed: 109
        case .upgradeRequired: 110
        case .requestTimeout: 111
        case .notAllowed: 200
        case .tooManySubscriptions: 201
        case .tooManySessions: 202
        case .tokenMissing: 203
        case .tokenRefused: 204
        case .ticketRefused: 205
        case .originNotAllowed: 206
        case .notFound: 300
        case .archived: 301
        case .transactionStopped: 302
        case .tryLater: 400
        case .tooFast: 401
        case .outcomeUnknown: 402
        case .internalError: 403
        case .tooManyConnections: 404
        }
    }

    /// The status of an HTTP response that says the same; `badRequest` has several.
    var status: Int {
        switch self {
        case .malformedJSON, .missingField, .invalidField, .unknownDestination, .wrongDestination, .badRequest: 400
        case .tokenMissing, .tokenRefused, .ticketRefused: 401
        case .methodNotAllowed: 405
        case .upgradeRequired: 426
        case .contentTooLong, .fileTooLarge: 413
        case .uploadIncomplete, .requestTimeout: 408
        case .notAllowed, .originNotAllowed: 403
        case .notFound: 404
        case .archived, .transactionStopped: 409
        case .tooManySubscriptions, .tooManySessions, .tooFast: 429
        case .tryLater, .tooManyConnections: 503
        case .outcomeUnknown: 504
        case .internalError: 500
        }
    }
}

extension ErrorCode {
    /// Problem details (RFC 9457) that say this; `retryAfter` in seconds.
    func problem(
        _ detail: String, status: Int? = nil, retryAfter: Int? = nil, extra: [(String, JSON)] = []
    ) -> HTTPResponse {
        ProblemDetails.response(
            status: status ?? self.status, code: rawValue, detail: detail, retryAfter: retryAfter,
            extra: [("number", .integer(Int64(number)))] + extra)
    }
}
