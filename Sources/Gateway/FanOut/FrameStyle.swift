internal import Shared

/// What subscribers to one thing can differ in; those who don't share each frame's bytes.
struct FrameStyle: Hashable {
    /// The `subscription` header; nil for a client of STOMP 1.0 that gave no id.
    let subscription: String?
    /// The destination as the client wrote it.
    let destination: String
    let version: StompVersion
    /// What compresses for the connection; connections that forget each message share one, and so their frames.
    var compressor: MessageCompressor?

    /// The same without compression, for frames that may be dropped: a compressed one may be what the next refers to.
    var uncompressed: FrameStyle {
        var style = self
        style.compressor = nil
        return style
    }

    static func == (left: Self, right: Self) -> Bool {
        left.subscription == right.subscription && left.destination == right.destination
            && left.version == right.version && left.compressor === right.compressor
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(subscription)
        hasher.combine(destination)
        hasher.combine(version)
        hasher.combine(compressor.map(ObjectIdentifier.init))
    }
}

/// The frames of one event, each encoded once.
final class EventFrames {
    private let event: Event
    private let cursors: Cursors?
    private let isBehindHole: Bool
    /// Whether anybody asks who has got it: so in DIRECT conversations and in small groups.
    var isTracked: Bool
    /// Who wrote the message.
    private(set) lazy var sender = event.sender
    private var chunks: [FrameStyle: Chunk] = [:]
    private var body: [UInt8] = []

    /// `cursors` tell the message's status; a new message has reached nobody yet.
    init(_ event: Event, _ cursors: Cursors? = nil, isBehindHole: Bool = false) {
        self.event = event
        self.isBehindHole = isBehindHole
        self.cursors = cursors
        isTracked =
            !event.head.recipients.isEmpty
            || cursors.map { !$0.positions.isEmpty && $0.positions.count <= Cursors.maximumParticipants } ?? false
    }

    /// The frame that all subscribers of a style share.
    func chunk(_ style: FrameStyle) -> Chunk {
        if let known = chunks[style] { return known }
        let chunk = Chunk(encode(style, ack: nil))
        chunks[style] = chunk
        return chunk
    }

    /// A frame of one subscriber's own: one that he has to acknowledge, or that carries a position of his.
    func encode(_ style: FrameStyle, ack: String?, position: String? = nil) -> [UInt8] {
        if body.isEmpty { event.appendClientJSON(to: &body, cursors) }
        return MessageFrame.encode(
            style, id: "\(event.conversation).\(event.id)", event: event.head.kind.name, ack: ack, position: position,
            isBehindHole: isBehindHole, body: body)
    }
}

/// A MESSAGE in a WebSocket text frame.
enum MessageFrame {
    static func encode(
        _ style: FrameStyle, id: String, event: String, ack: String? = nil, position: String? = nil,
        isBehindHole: Bool = false, body: some Collection<UInt8>
    ) -> [UInt8] {
        var headers = [
            ("destination", style.destination), ("message-id", id), ("content-type", "application/json"),
            ("event", event),
        ]
        if let subscription = style.subscription { headers.insert(("subscription", subscription), at: 0) }
        if let ack { headers.append(("ack", ack)) }
        if let position { headers.append(("position", position)) }
        if isBehindHole { headers.append(("recovered", "false")) }
        var frame: [UInt8] = []
        frame.reserveCapacity(body.count + 256)
        StompEncoder.appendMessage(headers, body: body, version: style.version, to: &frame)
        var output: [UInt8] = []
        output.reserveCapacity(frame.count + 10)
        if let compressor = style.compressor {
            compressor.append(.text, frame, to: &output)
        } else {
            WebSocketEncoder.appendText(frame, to: &output)
        }
        return output
    }
}
