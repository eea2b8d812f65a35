internal import Shared

/// Where Redis' clock has gone back: ids that it gave before lie ahead of those that it gave then.
///
/// A position in a user's queue is a time. One from before the clock went back may lie behind it: what came since has lower
/// ids, and is found only from where the clock went back to. A time alone doesn't tell on which side of a jump it was given,
/// so jumps are numbered, and positions tell the last one that their gateway knew of. Pure.
struct ClockJumps: Sendable {
    /// Milliseconds between two looks at the clock, and some: so much further may ids have come than the last look.
    private static let slack: Int64 = 10_000

    private struct Jump {
        let number: Int64
        let to: EventID
        let from: EventID
    }

    /// From the latest time to the earliest: one may lead into another.
    private let jumps: [Jump]
    /// The number of the last one; 0 while there is none.
    let latest: Int64

    /// Nothing is known to have happened.
    init() { self.init([RedisReply]()) }

    /// Reads what the clock script told, behind the clock.
    init(_ replies: some Sequence<RedisReply>) {
        let jumps: [Jump] = replies.compactMap { reply in
            let fields = reply.text?.split(separator: " ").compactMap { Int64($0) } ?? []
            guard fields.count == 3 else { return nil }
            let from = EventID(at: fields[2]).earlier(byMilliseconds: -Self.slack)
            return Jump(number: fields[0], to: EventID(at: fields[1]), from: from)
        }
        self.jumps = jumps.sorted { $0.to > $1.to }
        latest = jumps.map(\.number).max() ?? 0
    }

    /// From where on there may be events that came after a position, which was given when the jumps up to a number were known:
    /// the position itself, or where the clock has gone back to since.
    func start(of position: EventID, knowing epoch: Int64 = 0) -> EventID {
        jumps.reduce(position) { start, jump in
            jump.number > epoch && start > jump.to && start <= jump.from ? jump.to : start
        }
    }
}
