internal import Shared

extension ConversationStore {
    /// A place in the list of a user's conversations, which is sorted by activity; for clients an opaque text.
    struct ListPosition: Equatable {
        /// Milliseconds since the Unix epoch.
        let activity: Int64
        let conversation: UUID

        init(activity: Int64, conversation: UUID) {
            self.activity = activity
            self.conversation = conversation
        }

        /// Reads what a client brings back; nil where no list can have given it.
        init?(_ text: String) {
            let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard parts.count == 2, let activity = Decimal.parse(parts[0]), RFC3339.range.contains(activity),
                let conversation = UUID(parts[1])
            else { return nil }
            self.init(activity: activity, conversation: conversation)
        }

        /// What clients see and bring back.
        var text: String { "\(activity).\(conversation)" }
    }
}
