internal import Shared

/// How a node that starts gets its name: a machine without I/O.
///
/// Its name may still stand in Redis: of a process that was killed, which nobody should have to wait for, or of one that lives, which
/// is a mistake of the configuration. A process that lives renews its entry; one of this machine can be looked up.
struct NodeClaim {
    /// What to do about another process that has the name.
    enum Step: Equatable {
        /// It is dead: take the name over, unless its facts have changed.
        case takeOver
        /// Ask again in a while.
        case wait
        /// It lives.
        case refuse
    }

    /// Milliseconds between two questions.
    static let pause: Int64 = 500

    /// Milliseconds that an entry lives, and between two renewals.
    private let lifetime: Int64
    private let interval: Int64
    private var lowest: Int64?

    init(lifetime: Int64, interval: Int64) {
        self.lifetime = lifetime
        self.interval = interval
    }

    /// Judges an entry that expires after `remaining` milliseconds; `hasEnded` where its process is known to have ended.
    mutating func judge(remaining: Int64, hasEnded: Bool) -> Step {
        if hasEnded { return .takeOver }
        if let lowest, remaining > lowest { return .refuse }
        lowest = remaining
        // Half an interval more than it would have taken to renew it.
        return remaining <= lifetime - interval - interval / 2 ? .takeOver : .wait
    }
}

/// What a node tells of itself that another process with its name is told by.
struct NodeFacts {
    /// Of one process, and of no other.
    let incarnation: String
    let place: ProcessPlace

    init(incarnation: String, place: ProcessPlace) {
        self.incarnation = incarnation
        self.place = place
    }

    /// Reads what stands in Redis; a build that tells less of itself has no place.
    init(_ json: [UInt8]) {
        let object = try? JSONParser.parse(json).object
        incarnation = object?["incarnation"]?.string ?? ""
        place = ProcessPlace(
            space: object?["space"]?.string ?? "", id: Int32(clamping: object?["pid"]?.integer ?? 0))
    }

    var members: [(String, JSON)] {
        [
            ("incarnation", .string(incarnation)), ("space", .string(place.space)), ("pid", .integer(Int64(place.id))),
        ]
    }
}
