internal import Shared

/// The sessions of a loop by what an operator can end: a session, a user's tokens, one token. So an end costs those whom it is
/// for, however many others there are.
struct SessionIndex<Session: AnyObject> {
    private var byID: [String: Session] = [:]
    private var byUser: [UUID: [ObjectIdentifier: Session]] = [:]
    private var byToken: [String: [ObjectIdentifier: Session]] = [:]

    /// How many entries it has.
    var count: Int { byID.count + byUser.count + byToken.count }

    mutating func add(_ session: Session, _ id: String, _ identity: Identity) {
        byID[id] = session
        byUser[identity.user, default: [:]][ObjectIdentifier(session)] = session
        if let token = identity.tokenID { byToken[token, default: [:]][ObjectIdentifier(session)] = session }
    }

    /// Forgets a session, if it is there.
    mutating func remove(_ session: Session, _ id: String, _ identity: Identity) {
        byID[id] = nil
        Self.remove(session, from: &byUser, identity.user)
        if let token = identity.tokenID { Self.remove(session, from: &byToken, token) }
    }

    private static func remove<Key>(
        _ session: Session, from index: inout [Key: [ObjectIdentifier: Session]], _ key: Key
    ) {
        index[key]?[ObjectIdentifier(session)] = nil
        if index[key]?.isEmpty == true { index[key] = nil }
    }

    /// The session of this id.
    subscript(id: String) -> Session? { byID[id] }

    /// Those that a revocation names: `u:<user>` or `j:<jti>`.
    func concerned(by revocation: String) -> [Session] {
        let value = String(revocation.dropFirst(2))
        let found: [ObjectIdentifier: Session]? =
            switch revocation.prefix(2) {
            case "u:": UUID(value).flatMap { byUser[$0] }
            case "j:": byToken[value]
            default: nil
            }
        return found.map { Array($0.values) } ?? []
    }
}
