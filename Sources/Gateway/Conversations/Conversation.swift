internal import Shared

/// A conversation as PostgreSQL has it, with the first of its participants: what is read, answered and published of it doesn't
/// grow with a group.
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

        /// What clients see of one.
        var json: JSON {
            .object(
                JSONObject([
                    ("userId", .string(user.description)), ("role", .string(role)),
                    ("joinedAt", .string(RFC3339.format(milliseconds: joinedAt))),
                    ("lastReadMessageId", .id(position.read)),
                ]))
        }
    }

    /// So many participants are read, and shown by what is about one conversation: all of those in which it is told who has
    /// read what.
    static let shownParticipants = Cursors.maximumParticipants
    /// So many are shown in a list of conversations, and in a notice.
    static let listedParticipants = 10

    let id: UUID
    let kind: Kind
    let title: String?
    let createdBy: UUID
    /// Milliseconds since the Unix epoch.
    let createdAt: Int64
    let isArchived: Bool
    /// How many participants it has.
    let participantCount: Int64
    /// The first of them by when they came, as far as they were read, and those for whom it was read in any case.
    var participants: [Participant] = []

    /// How far the participants have got and read it; empty where it has too many for anybody to ask.
    var cursors: Cursors {
        var cursors = Cursors()
        guard participantCount <= Cursors.maximumParticipants else { return cursors }
        for participant in participants { cursors.positions[participant.user] = participant.position }
        return cursors
    }

    /// What is known of a participant; nil for anybody who isn't one, or wasn't asked for.
    func participant(_ user: UUID) -> Participant? { participants.first { $0.user == user } }

    /// A participant's role; nil for anybody who isn't one, or wasn't asked for.
    func role(of user: UUID) -> String? { participant(user)?.role }

    /// What clients see of it: so many participants at most, and the one who asks in any case; `extra` stands behind.
    func json(showing limit: Int = shownParticipants, to user: UUID? = nil, _ extra: [(String, JSON)] = []) -> JSON {
        let first = participants.prefix(limit)
        let own = participants.dropFirst(limit).filter { $0.user == user }
        return .object(
            JSONObject(
                [
                    ("id", .string(id.description)), ("type", .string(kind.rawValue)),
                    ("title", title.map { .string($0) } ?? .null), ("createdBy", .string(createdBy.description)),
                    ("createdAt", .string(RFC3339.format(milliseconds: createdAt))),
                    ("isArchived", .bool(isArchived)), ("participantCount", .integer(participantCount)),
                    ("participants", .array((first + own).map(\.json))),
                ] + extra))
    }
}
