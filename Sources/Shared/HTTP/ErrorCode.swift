/// Why something a client asked for was refused: the code in entries of `/user/queue/errors`, in ERROR frames and in the
/// problem details of REST.
///
/// The number's hundreds tell what to do: 1xx the request is wrong and stays so, 2xx the client may not, 3xx the thing isn't
/// there or isn't in that state, 4xx try again later.
public enum ErrorCode: String, CaseIterable, Sendable {
    /// The body isn't a JSON object.
    case malformedJSON = "malformed-json"
    /// A field isn't there that has to be.
    case missingField = "missing-field"
    /// A field has a value that it may not have.
    case invalidField = "invalid-field"
    /// A message, or a body, is longer than allowed.
    case contentTooLong = "content-too-long"
    /// There is no such destination.
    case unknownDestination = "unknown-destination"
    /// The destination is for something else.
    case wrongDestination = "wrong-destination"
    /// An upload is larger than allowed.
    case fileTooLarge = "file-too-large"
    /// An upload ended before its length, or took too long.
    case uploadIncomplete = "upload-incomplete"
    /// The request can't be read; its status says more.
    case badRequest = "bad-request"
    /// The resource is there, but not for this method.
    case methodNotAllowed = "method-not-allowed"
    /// Only a WebSocket can be opened here.
    case upgradeRequired = "upgrade-required"
    /// The rest of a request didn't come in time.
    case requestTimeout = "request-timeout"
    /// A form isn't built as forms are.
    case malformedForm = "malformed-form"
    /// The content isn't the one whose digest was told.
    case digestMismatch = "digest-mismatch"
    /// Something else was uploaded under the same key.
    case keyReused = "key-reused"
    /// The user may not do this.
    case notAllowed = "not-allowed"
    /// The session has as many subscriptions as it may.
    case tooManySubscriptions = "too-many-subscriptions"
    /// The user has as many sessions as they may.
    case tooManySessions = "too-many-sessions"
    /// The request has no token.
    case tokenMissing = "token-missing"
    /// The token isn't valid.
    case tokenRefused = "token-refused"
    /// The ticket isn't valid, or was used.
    case ticketRefused = "ticket-refused"
    /// The page's origin may not connect.
    case originNotAllowed = "origin-not-allowed"
    /// The files of the user take as much as they may.
    case quotaExceeded = "quota-exceeded"
    /// It isn't there, or isn't for this user.
    case notFound = "not-found"
    /// The conversation is read-only.
    case archived = "archived"
    /// A frame before this one in its transaction was refused.
    case transactionStopped = "transaction-stopped"
    /// Not now: something is away or full.
    case tryLater = "try-later"
    /// The bucket of the user or the address is empty.
    case tooFast = "too-fast"
    /// There was no answer in time: it may have happened.
    case outcomeUnknown = "outcome-unknown"
    /// The operator has to look.
    case internalError = "internal-error"
    /// The node takes no more connections.
    case tooManyConnections = "too-many-connections"

    /// A number that never changes.
    public var number: Int {
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
        case .malformedForm: 112
        case .digestMismatch: 113
        case .keyReused: 114
        case .notAllowed: 200
        case .tooManySubscriptions: 201
        case .tooManySessions: 202
        case .tokenMissing: 203
        case .tokenRefused: 204
        case .ticketRefused: 205
        case .originNotAllowed: 206
        case .quotaExceeded: 207
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
    public var status: Int {
        switch self {
        case .malformedJSON, .missingField, .invalidField, .unknownDestination, .wrongDestination, .badRequest,
            .malformedForm, .digestMismatch:
            400
        case .tokenMissing, .tokenRefused, .ticketRefused: 401
        case .keyReused: 422
        case .methodNotAllowed: 405
        case .upgradeRequired: 426
        case .contentTooLong, .fileTooLarge, .quotaExceeded: 413
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
    /// A response with problem details (RFC 9457): the code and its number are for programs, `detail` for people.
    ///
    /// - Parameter status: the status, where it isn't the code's own.
    /// - Parameter retryAfter: seconds until the same request may succeed.
    public func problem(
        _ detail: String, status: Int? = nil, retryAfter: Int? = nil, extra: [(String, JSON)] = []
    ) -> HTTPResponse {
        let status = status ?? self.status
        let members: [(String, JSON)] = [
            ("type", .string("about:blank")), ("title", .string(HTTPStatus.phrase(status))),
            ("status", .integer(Int64(status))), ("code", .string(rawValue)), ("detail", .string(detail)),
            ("number", .integer(Int64(number))),
        ]
        var headers = HTTPHeaders([("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")])
        if let retryAfter { headers.add("Retry-After", String(retryAfter)) }
        return HTTPResponse(
            status: status, headers: headers, body: JSONWriter.bytes(.object(JSONObject(members + extra))))
    }
}
