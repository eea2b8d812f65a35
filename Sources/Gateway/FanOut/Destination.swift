internal import Shared

/// What a client may subscribe to.
enum Destination: Hashable {
    case conversation(UUID)
    case typing(UUID)
    case messages
    case conversations
    case receipts
    case acks
    case errors

    /// Whether it is a queue of the session's user.
    var isOfUser: Bool {
        switch self {
        case .messages, .conversations, .receipts, .acks, .errors: true
        case .conversation, .typing: false
        }
    }

    private static let topic = "/topic/conversation/"
    private static let typingSuffix = "/typing"

    /// Reads a destination; nil for one that doesn't exist.
    init?(_ text: String) {
        switch text {
        case "/user/queue/messages": self = .messages
        case "/user/queue/conversations": self = .conversations
        case "/user/queue/receipts": self = .receipts
        case "/user/queue/acks": self = .acks
        case "/user/queue/errors": self = .errors
        default:
            guard text.hasPrefix(Self.topic) else { return nil }
            let rest = text.dropFirst(Self.topic.count)
            if let conversation = UUID(rest) {
                self = .conversation(conversation)
            } else if rest.hasSuffix(Self.typingSuffix), let conversation = UUID(rest.dropLast(Self.typingSuffix.count))
            {
                self = .typing(conversation)
            } else {
                return nil
            }
        }
    }
}
