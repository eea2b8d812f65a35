internal import Shared

/// Takes DIRECT conversations out of the archive that only their age has put there, once one of the two uses them again.
struct Unarchiver {
    /// What became of one in which somebody writes.
    enum Outcome {
        case unarchived
        /// Somebody has archived it, or it is a group.
        case refused
        case unavailable(String)
    }

    private let changes: ConversationChanges
    private let announcer: Announcer

    init(_ changes: ConversationChanges, _ announcer: Announcer) {
        self.changes = changes
        self.announcer = announcer
    }

    /// The conversation as it is then; nil where it stays archived.
    func unarchive(_ id: UUID) async throws(PostgresError) -> Conversation? {
        guard let (conversation, isChanged) = try await changes.unarchiveByUse(id) else { return nil }
        if isChanged { announcer.tellUnarchived(conversation) }
        return conversation
    }

    func outcome(_ id: UUID) async -> Outcome {
        do throws(PostgresError) {
            return try await unarchive(id) == nil ? .refused : .unarchived
        } catch {
            return .unavailable(error.description)
        }
    }
}
