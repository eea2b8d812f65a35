/// Why a session ends with an ERROR frame: a broken protocol, or a client that is gone, too slow or has no token any more.
///
/// The numbers go on where those of `ErrorCode` end: 5xx the client has to be mended, 6xx the session is over.
enum SessionErrorCode: String, CaseIterable, Sendable {
    case malformedFrame = "malformed-frame"
    case malformedHeader = "malformed-header"
    case malformedContentLength = "malformed-content-length"
    case malformedHeartBeat = "malformed-heart-beat"
    case undefinedEscape = "undefined-escape"
    case missingHeader = "missing-header"
    case unexpectedBody = "unexpected-body"
    case unknownCommand = "unknown-command"
    case unknownAckMode = "unknown-ack-mode"
    case unknownTransaction = "unknown-transaction"
    case duplicateTransaction = "duplicate-transaction"
    case duplicateSubscription = "duplicate-subscription"
    case alreadyConnected = "already-connected"
    case notConnected = "not-connected"
    case selectorNotSupported = "selector-not-supported"
    case unsupportedVersion = "unsupported-version"
    case frameTooLarge = "frame-too-large"
    case headerTooLong = "header-too-long"
    case tooManyHeaders = "too-many-headers"
    case tooManyTransactions = "too-many-transactions"
    case transactionTooLarge = "transaction-too-large"
    case handshakeTimeout = "handshake-timeout"
    case heartBeatMissed = "heart-beat-missed"
    case tooSlow = "too-slow"
    case tokenExpired = "token-expired"
    case tokenRevoked = "token-revoked"
    case sessionEnded = "session-ended"

    /// How the connection is closed behind the ERROR.
    var closeCode: CloseCode {
        switch self {
        case .frameTooLarge: .tooBig
        case .heartBeatMissed: .heartBeatMissed
        case .tooSlow: .tooManyOrTooSlow
        case .tokenExpired, .tokenRevoked: .token
        case .sessionEnded: .forbidden
        default: .policy
        }
    }

    /// A number that never changes.
    var number: Int {
        switch self {
        case .malformedFrame: 500
        case .malformedHeader: 501
        case .malformedContentLength: 502
        case .malformedHeartBeat: 503
        case .undefinedEscape: 504
        case .missingHeader: 505
        case .unexpectedBody: 506
        case .unknownCommand: 507
        case .unknownAckMode: 508
        case .unknownTransaction: 509
        case .duplicateTransaction: 510
        case .duplicateSubscription: 511
        case .alreadyConnected: 512
        case .notConnected: 513
        case .selectorNotSupported: 514
        case .unsupportedVersion: 515
        case .frameTooLarge: 516
        case .headerTooLong: 517
        case .tooManyHeaders: 518
        case .tooManyTransactions: 519
        case .transactionTooLarge: 520
        case .handshakeTimeout: 600
        case .heartBeatMissed: 601
        case .tooSlow: 602
        case .tokenExpired: 603
        case .tokenRevoked: 604
        case .sessionEnded: 605
        }
    }
}
