internal import Shared

/// A page of a conversation's messages, in their newest state.
struct HistoryPage {
    /// A page ends with the message that reaches so many bytes: two hundred usual ones fit, and of the largest sixteen.
    static let maximumBytes = 1 << 20

    /// The message that a page has a place for.
    struct Message {
        let id: EventID
        let eventID: EventID
        let event: Event
        /// Whether it only holds the place of a message whose newest state is gone.
        var isLost = false

        init(_ event: Event) {
            id = event.messageID
            eventID = event.id
            self.event = event
        }

        var byteCount: Int { event.json.count }
    }

    private let limit: Int
    private(set) var messages: [Message] = []
    private var byteCount = 0
    /// Whether there are messages beyond, in the direction of reading.
    private(set) var hasMore = false

    /// An empty page for up to `limit` messages.
    init(limit: Int) { self.limit = limit }

    /// How many messages and how many bytes of them are looked for: one at least, to see whether there are more.
    var wanted: (count: Int, bytes: Int) { (limit + 1 - messages.count, max(1, Self.maximumBytes - byteCount)) }

    /// Adds the next messages, in the order of reading, as far as there is room.
    mutating func add(_ next: [Message]) {
        for message in next where !hasMore {
            guard messages.count < limit, byteCount < Self.maximumBytes else {
                hasMore = true
                return
            }
            messages.append(message)
            byteCount += message.byteCount
        }
    }

    /// The messages that are there.
    var items: [Event] { messages.filter { !$0.isLost }.map(\.event) }

    /// The lowest message id on the page.
    var lowest: EventID? { messages.map(\.id).min() }

    /// The highest message id on the page.
    var highest: EventID? { messages.map(\.id).max() }
}
