internal import Shared

/// What Redis has of a conversation beside its messages: copies of rows of PostgreSQL.
struct RememberedConversation {
    /// Who is in it, as far as both stores have it.
    struct Members: Equatable {
        var version: Int64
        var isArchived: Bool
        var roles: [UUID: String]
    }

    /// What has to be done after PostgreSQL may have lost commits.
    enum Difference: Equatable {
        case none
        /// PostgreSQL has other members, and newer ones: Redis' are to be forgotten.
        case forget
        /// PostgreSQL has lost a change of members or archive.
        case restore
        /// PostgreSQL has lost the conversation.
        case create
    }

    let id: UUID
    var members: Members
    /// Whether it is one of two that can't change.
    var isDirect: Bool
    /// Whether only its age has archived it.
    var opensByUse = false
    var cursors: Cursors

    /// Reads the hashes of members and cursors; nil where Redis has no members.
    init?(_ id: UUID, members: RedisReply, cursors: RedisReply) {
        let fields = members.elements ?? []
        var version: Int64?
        var roles: [UUID: String] = [:]
        isDirect = false
        var isArchived = false
        for at in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let name = fields[at].text, let value = fields[at + 1].text else { continue }
            switch name {
            case "v": version = fields[at + 1].integer
            case "a": isArchived = value == "1"
            case "r": isDirect = value != "-"
            case "o": opensByUse = value == "1"
            default: if let user = UUID(name), value == "ADMIN" || value == "MEMBER" { roles[user] = value }
            }
        }
        guard let version, !roles.isEmpty else { return nil }
        self.id = id
        self.members = Members(version: version, isArchived: isArchived, roles: roles)
        self.cursors = Cursors(cursors)
    }

    /// `stored` is what PostgreSQL has; nil where it has no such conversation. Each committed change has a higher version than all
    /// before it, also over a change of the timeline.
    func difference(_ stored: Members?) -> Difference {
        guard let stored else { return .create }
        if stored == members { return .none }
        return members.version > stored.version ? .restore : .forget
    }
}
