internal import Shared

/// A conversation as PostgreSQL has it.
struct Conversation {
    enum Kind: String {
        case direct = "DIRECT"
        case group = "GROUP"
    }

    struct Participant {
        let user: UUID
        /// ADMIN or MEMBER.
        let role: String
        /// Milliseconds since the Unix epoch.
        let joinedAt: Int64
        let position: Cursors.Position
    }

    let id: UUID
    let kind: Kind
    let title: String?
    let createdBy: UUID
    /// Milliseconds since the Unix epoch.
    let createdAt: Int64
    let isArchived: Bool
    var participants: [Participant] = []

    /// How far the participants have got and read it.
    var cursors: Cursors {
        var cursors = Cursors()
        for participant in participants { cursors.positions[participant.user] = participant.position }
        return cursors
    }

    /// What clients see of it; `extra` stands behind.
    func json(_ extra: [(String, JSON)] = []) -> JSON {
        let people = participants.map { participant in
            JSON.object(
                JSONObject([
                    ("userId", .string(participant.user.description)), ("role", .string(participant.role)),
                    ("joinedAt", .string(RFC3339.format(milliseconds: participant.joinedAt))),
                    ("lastReadMessageId", .id(participant.position.read)),
                ]))
        }
        return .object(
            JSONObject(
                [
                    ("id", .string(id.description)), ("type", .string(kind.rawValue)),
                    ("title", title.map { .string($0) } ?? .null), ("createdBy", .string(createdBy.description)),
                    ("createdAt", .string(RFC3339.format(milliseconds: createdAt))),
                    ("isArchived", .bool(isArchived)), ("participants", .array(people)),
                ] + extra))
    }
}
