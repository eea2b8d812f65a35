/// Why a call to Redis has no result.
public enum RedisError: Error, Equatable, CustomStringConvertible {
    /// There is no connection; the command wasn't sent.
    case notConnected
    /// The connection ended while the command was under way: whether it took effect is unknown.
    case connectionLost(String)
    /// No reply within the deadline: whether the command took effect is unknown.
    case timeout
    /// Redis refused the command with this text, whose first word is the code.
    case refused(String)
    /// The reply has another shape than the command's documentation says.
    case unexpectedReply(String)

    /// Whether the command may have taken effect.
    public var isOutcomeUnknown: Bool {
        switch self {
        case .connectionLost, .timeout: true
        case .notConnected, .refused, .unexpectedReply: false
        }
    }

    /// The code of a refusal, such as `NOSCRIPT`.
    public var code: Substring? {
        if case .refused(let text) = self { text.prefix { $0 != " " } } else { nil }
    }

    /// A sentence for logs.
    public var description: String {
        switch self {
        case .notConnected: "not connected"
        case .connectionLost(let reason): "connection lost: \(reason)"
        case .timeout: "no reply in time"
        case .refused(let text): text
        case .unexpectedReply(let text): "unexpected reply: \(text)"
        }
    }
}
