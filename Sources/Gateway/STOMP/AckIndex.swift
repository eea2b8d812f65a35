internal import Shared

/// Which windows a message waits in, oldest delivery first: an ACK of STOMP 1.0 names a message and no subscription.
struct AckIndex {
    /// What such an ACK names.
    struct Message: Hashable {
        let conversation: UUID
        let event: EventID

        init(conversation: UUID, event: EventID) {
            self.conversation = conversation
            self.event = event
        }

        /// Reads a `message-id`; nil where it isn't one of ours.
        init?(_ text: String) {
            guard let conversation = UUID(text.prefix(36)), let event = EventID(text.utf8.dropFirst(37)) else {
                return nil
            }
            self.init(conversation: conversation, event: event)
        }
    }

    private var windows: [Message: [Int64]] = [:]

    /// How many messages wait.
    var count: Int { windows.count }

    /// The window that got a message first, of those in which it waits.
    func window(of message: Message) -> Int64? { windows[message]?.first }

    mutating func deliver(_ message: Message, in window: Int64) {
        windows[message, default: []].append(window)
    }

    mutating func settle(_ message: Message, in window: Int64) {
        guard var waiting = windows[message], let place = waiting.firstIndex(of: window) else { return }
        waiting.remove(at: place)
        windows[message] = waiting.isEmpty ? nil : waiting
    }
}
