internal import Shared

/// News for a user of their conversations: `1 c` and a line feed on the user's channel, then JSON.
struct ConversationNotice {
    private static let head = Array("1 c\n".utf8)

    /// What clients get.
    let json: [UInt8]

    /// What has become of a conversation. It shows the first participants only: every one of them gets it.
    init(event: String, _ conversation: Conversation) {
        let description = conversation.json(showing: Conversation.listedParticipants)
        json = JSONWriter.bytes(.object(JSONObject([("event", .string(event)), ("conversation", description)])))
    }

    /// What is published.
    var payload: [UInt8] { Self.head + json }

    /// The JSON in a payload; nil where it is something else.
    static func json(in payload: [UInt8]) -> [UInt8]? {
        payload.starts(with: head) ? Array(payload.dropFirst(head.count)) : nil
    }
}

/// News of a group for all its members: `1 C <conversation> <subject or ->` and a line feed on the group's channel, then JSON.
struct GroupNotice: Sendable, Equatable {
    /// The deployment's format from which every node reads it.
    static let format: Int64 = 2

    private static let head = Array("1 C ".utf8)

    let conversation: UUID
    /// Whom it is about, and who hears of it by their own channel.
    let subject: UUID?
    /// What clients get.
    let json: [UInt8]

    init(conversation: UUID, subject: UUID?, json: [UInt8]) {
        self.conversation = conversation
        self.subject = subject
        self.json = json
    }

    /// Reads a notice; nil where it is something else.
    init?(_ payload: [UInt8]) {
        guard payload.starts(with: Self.head), let end = payload.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = payload[Self.head.count..<end].split(separator: UInt8(ascii: " "))
        guard words.count == 2, let conversation = UUID(words[0]) else { return nil }
        let subject = UUID(words[1])
        guard subject != nil || words[1].elementsEqual("-".utf8) else { return nil }
        self.init(conversation: conversation, subject: subject, json: Array(payload[(end + 1)...]))
    }

    /// What is published.
    var payload: [UInt8] { Array("1 C \(conversation) \(subject?.description ?? "-")\n".utf8) + json }
}
