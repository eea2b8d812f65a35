internal import Shared

/// Whose cursors of which conversation.
struct CursorKey: Hashable, Comparable {
    let conversation: UUID
    let user: UUID

    /// By conversation first, so that those of one stand side by side, and in one order on every node.
    static func < (left: CursorKey, right: CursorKey) -> Bool {
        (left.conversation, left.user) < (right.conversation, right.user)
    }
}
