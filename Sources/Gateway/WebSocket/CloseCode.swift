/// Why this server closes a WebSocket (RFC 6455, section 7.4, and the 4000 range of our own).
enum CloseCode: UInt16, Sendable, CaseIterable {
    case normal = 1000
    case goingAway = 1001
    case protocolError = 1002
    case unsupportedData = 1003
    case invalidPayload = 1007
    case policy = 1008
    case tooBig = 1009
    case internalError = 1011
    case serviceRestart = 1012
    case tryAgainLater = 1013
    case token = 4401
    case forbidden = 4403
    case heartBeatMissed = 4408
    case tooManyOrTooSlow = 4429

    /// What a client should do after a close.
    enum ReconnectAdvice: Sendable {
        /// Connect again at once, with jitter.
        case now
        /// Connect again after a growing pause.
        case later
        /// The same attempt would end the same way.
        case never
    }

    var mayReconnect: ReconnectAdvice {
        switch self {
        case .goingAway, .serviceRestart, .heartBeatMissed: .now
        case .internalError, .tryAgainLater, .tooManyOrTooSlow: .later
        case .normal, .protocolError, .unsupportedData, .invalidPayload, .policy, .tooBig, .token, .forbidden: .never
        }
    }

    /// What a close without a code is reported as (section 7.1.5); it never travels.
    static let noneReceived: UInt16 = 1005

    /// Whether a client may send this code in a close frame (section 7.4.1 and IANA's registry; 1004 to 1006 and 1015 never
    /// travel).
    static func mayBeReceived(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
