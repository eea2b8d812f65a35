internal import Shared

/// Where Redis' clock has gone back: ids that it gave before lie ahead of those that it gave then.
///
/// A position in a user's queue is a time. One from before the clock went back may lie behind it: what came since has lower
/// ids, and is found only from where the clock went back to. Pure.
struct ClockJumps: Sendable {
    /// Milliseconds between two looks at the clock, and some: so much further may ids have come than the last look.
    private static let slack: Int64 = 10_000

    private struct Jump {
        let to: EventID
        let from: EventID
    }

    private var jumps: [Jump] = []

    /// Nothing is known to have happened.
    init() {}

    /// Reads what the clock script told, behind the clock.
    init(_ replies: some Sequence<RedisReply>) {
        jumps = replies.compactMap { reply in
            let times = reply.text?.split(separator: " ").compactMap { Int64($0) } ?? []
            guard times.count == 2 else { return nil }
            return Jump(to: EventID(at: times[0]), from: EventID(at: times[1]).earlier(byMilliseconds: -Self.slack))
        }
    }

    /// From where on there may be events that came after a position: the position itself, or where the clock has gone back to.
    func start(of position: EventID) -> EventID {
        var start = position
        // From the latest to the earliest: one may lead into another.
        for jump in jumps.sorted(by: { $0.to > $1.to }) where start > jump.to && start <= jump.from { start = jump.to }
        return start
    }
}
