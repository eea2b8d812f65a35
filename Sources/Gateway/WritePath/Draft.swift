internal import Shared

/// A message that was checked and waits to be accepted.
struct Draft {
    let conversation: UUID
    let sender: UUID
    /// The id by which the sender's client knows the message.
    let clientMessageID: String
    /// What the script remembers of sender and `clientMessageID`.
    let digest: [UInt8]
    /// What is sealed; forgotten once that is done.
    private var message: MessageJSON?
    /// The message's JSON behind the fields that the script makes, without its opening brace.
    let tail: [UInt8]
    /// The same as it is kept, where that is something else than what is published; else empty.
    private(set) var keptTail: [UInt8] = []
    /// Whether the server makes it: then neither membership nor archive is asked for.
    var isOfServer = false
    /// Which message it edits or deletes; nil for a new one.
    var change: MessageChange?
    /// When the sender is told that the outcome is unknown, in monotonic milliseconds.
    let deadline: Int64
    /// Whether a call with it has ended without an answer, so that it may have been accepted.
    var mayBeAccepted = false
    /// How often its conversation has been loaded for it, or taken out of the archive.
    var loads = 0
    /// Whether it was laid aside since its conversation is archived.
    var isRefusedByArchive = false
    /// What became of it; called once.
    let completion: (SendOutcome) -> Void

    /// What the draft adds to a call.
    var byteCount: Int { tail.count + keptTail.count + 128 }

    /// What the draft takes while it waits, however often it is sent: once or, sealed, twice its content.
    var submittedByteCount: Int { 2 * tail.count + 512 }

    /// A draft of `message`; `sender` sends it under `clientMessageID`, which for a change are not those of the message. `deadline` in
    /// monotonic milliseconds.
    init(
        _ message: MessageJSON, sender: UUID, clientMessageID: String, digest: [UInt8], deadline: Int64,
        completion: @escaping (SendOutcome) -> Void
    ) {
        conversation = message.conversation
        self.sender = sender
        self.clientMessageID = clientMessageID
        self.digest = digest
        self.message = message
        tail = message.tail
        self.deadline = deadline
        self.completion = completion
    }

    /// Seals what is kept of the content, where there is a key.
    mutating func seal(with key: DataKey?) {
        defer { message = nil }
        guard let key, var kept = message, !kept.content.isEmpty else { return }
        kept.content = key.seal(
            kept.content, clientMessageID: kept.clientMessageID,
            at: .init(conversation: kept.conversation, sender: kept.sender))
        keptTail = kept.tail
    }
}

/// What became of a sent message.
enum SendOutcome: Equatable {
    /// It is on its way to PostgreSQL; `isRepeat` when it had been accepted before it was submitted.
    case accepted(id: EventID, isRepeat: Bool)
    case refused(SendRefusal)

    /// Whether it has certainly not become a message of its own.
    var isNothingNew: Bool {
        switch self {
        case .accepted(_, let isRepeat): isRepeat
        case .refused(let refusal): refusal != .outcomeUnknown
        }
    }

    /// The same of a message of which an earlier call has had no answer: a repeat may be of that call, and that nothing was
    /// changed can't be said.
    var withDoubt: SendOutcome {
        switch self {
        case .accepted(let id, _): .accepted(id: id, isRepeat: false)
        case .refused(.unavailable): .refused(.outcomeUnknown)
        case .refused: self
        }
    }
}

/// That a draft is the new state of a message that exists.
struct MessageChange {
    /// `edited` or `deleted`.
    let kind: EventKind
    let message: EventID
    /// The message's last event that this node knows; another one means that somebody was faster.
    let expected: EventID
    /// RFC 3339.
    let createdAt: String

    /// How the accept script is told.
    var argument: String { "\(kind.rawValue) \(message) \(expected) \(createdAt)" }
}

/// Why a message wasn't accepted.
enum SendRefusal: Equatable {
    /// No such conversation, or the sender is not in it.
    case notFound
    case archived
    /// PostgreSQL is too far behind.
    case full
    /// No id below 2^53 is left.
    case exhausted
    /// A key in Redis has another type than it should.
    case corrupt
    /// Somebody else has changed the message meanwhile.
    case conflict
    /// Nothing was changed; the same again may succeed later.
    case unavailable(String)
    /// No answer came in time: it may have been accepted. Sending again with the same id is safe.
    case outcomeUnknown
}
