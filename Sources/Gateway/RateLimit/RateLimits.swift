internal import Shared

/// What is limited.
enum RateKind: String, Sendable, CaseIterable {
    /// Messages, edits and deletes of a user.
    case sends
    /// STOMP frames of any kind in a user's sessions; what is beyond isn't read yet.
    case frames
    /// Conversations, histories and files that a user reads, and files that an address reads by signed links.
    case reads
    /// Conversations that a user creates or changes.
    case changes
    /// Members whom a user brings into conversations.
    case members
    /// How far a user says that they have got or read.
    case cursors
    /// One-time tickets for a handshake that a user gets.
    case tickets
    /// Typing notices of a user.
    case typing
    /// Subscriptions that a user begins.
    case subscribes
    /// Files that a user uploads.
    case uploads
    /// WebSocket handshakes of a user.
    case handshakes
    /// WebSocket handshakes from an address.
    case addresses
}

/// How often things may be done, over all nodes; nil for as often as one likes.
struct RateLimits: Sendable {
    private let limits: [RateKind: RateLimit]
    /// Handshakes of the whole node, judged before anything that costs.
    let node: RateLimit?

    init(_ reader: inout ConfigReader) {
        var limits: [RateKind: RateLimit] = [:]
        limits[.sends] = reader.read(GatewaySettings.rateSends)
        limits[.frames] = reader.read(GatewaySettings.rateFrames)
        limits[.reads] = reader.read(GatewaySettings.rateReads)
        limits[.changes] = reader.read(GatewaySettings.rateChanges)
        limits[.members] = reader.read(GatewaySettings.rateMembers)
        limits[.cursors] = reader.read(GatewaySettings.rateCursors)
        limits[.tickets] = reader.read(GatewaySettings.rateTickets)
        limits[.typing] = reader.read(GatewaySettings.rateTyping)
        limits[.subscribes] = reader.read(GatewaySettings.rateSubscribes)
        limits[.uploads] = reader.read(GatewaySettings.rateUploads)
        limits[.handshakes] = reader.read(GatewaySettings.rateHandshakes)
        limits[.addresses] = reader.read(GatewaySettings.rateHandshakesPerAddress)
        self.limits = limits
        node = reader.read(GatewaySettings.rateHandshakesPerNode)
    }

    subscript(_ kind: RateKind) -> RateLimit? { limits[kind] }
}
