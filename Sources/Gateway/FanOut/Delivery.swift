internal import Shared

/// What the hub hands to a worker: something that sessions of this worker may want.
enum Delivery: Sendable {
    /// An event of a conversation, in order; `isBehindHole` where something before it is lost for good. The users `lacking` have
    /// something older of another conversation still to come: the positions of their queues stay.
    case event(Event, isBehindHole: Bool, lacking: [UUID])
    /// An event of a conversation that comes too late for its place, after Redis has lost events.
    case stray(Event)
    /// Something after the last event of a conversation couldn't be read: its subscribers, and the queues of the two of a
    /// DIRECT one, read on for themselves.
    case gap(UUID, recipients: [UUID], upTo: EventID)
    /// A user's channel was deaf for a while: his queues look for what they missed.
    case interrupted(UUID)
    /// Somebody types, or stopped.
    case typing(TypingNotice)
    /// Who may stay subscribed to a conversation after its members have changed.
    case members(UUID, MembersVerdict)
    /// News for one user of his conversations, as JSON.
    case conversationNotice(user: UUID, json: [UInt8])
    /// For one user: how far somebody has got and read a conversation of his, as JSON.
    case receipt(user: UUID, json: [UInt8])
    /// News of a group, for the members who have its topic.
    case groupNotice(GroupNotice)
    /// How far members of a group have got and read it.
    case cursors(CursorNotice)
}

/// Somebody types in a conversation, or stopped: `1 t <conversation> <user> <0|1> <session>` on its channel.
struct TypingNotice: Sendable, Equatable {
    let conversation: UUID
    let user: UUID
    let isTyping: Bool
    /// The session that typed; it isn't told.
    let session: String

    init(conversation: UUID, user: UUID, isTyping: Bool, session: String) {
        self.conversation = conversation
        self.user = user
        self.isTyping = isTyping
        self.session = session
    }

    /// Reads a notice; nil where it is something else.
    init?(_ payload: [UInt8]) {
        let words = payload.split(separator: UInt8(ascii: " "))
        guard words.count == 6, words[0].elementsEqual("1".utf8), words[1].elementsEqual("t".utf8),
            let conversation = UUID(words[2]), let user = UUID(words[3])
        else { return nil }
        self.conversation = conversation
        self.user = user
        isTyping = words[4].elementsEqual("1".utf8)
        session = String(decoding: words[5], as: UTF8.self)
    }

    /// What is published.
    var payload: String { "1 t \(conversation) \(user) \(isTyping ? 1 : 0) \(session)" }

    /// What clients get.
    var json: [UInt8] {
        Array(#"{"conversationId":"\#(conversation)","userId":"\#(user)","typing":\#(isTyping)}"#.utf8)
    }
}

/// The members of a conversation have changed: `1 v <version> <conversation>` on its channel, written by the fence script.
struct MembersNotice: Equatable {
    let version: Int64
    let conversation: UUID

    /// Reads a notice; nil where it is something else.
    init?(_ payload: [UInt8]) {
        let words = payload.split(separator: UInt8(ascii: " "))
        guard words.count == 4, words[0].elementsEqual("1".utf8), words[1].elementsEqual("v".utf8),
            let version = Decimal.parse(words[2]), let conversation = UUID(words[3])
        else { return nil }
        self.version = version
        self.conversation = conversation
    }
}

/// That cursors have moved: `1 r` and a line feed on a user's channel, then JSON, written by the cursor script.
enum ReceiptNotice {
    private static let head = Array("1 r\n".utf8)

    /// The JSON in a payload; nil where it is something else.
    static func json(in payload: [UInt8]) -> [UInt8]? {
        payload.starts(with: head) ? Array(payload.dropFirst(head.count)) : nil
    }
}
