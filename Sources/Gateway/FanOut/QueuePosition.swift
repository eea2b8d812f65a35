internal import Shared

/// How far a device has got on a user's queue; for clients an opaque text.
struct QueuePosition: Equatable {
    /// The deployment's format from which every node reads an epoch.
    private static let format: Int64 = 2
    /// Milliseconds that an id may be ahead of the clock.
    private static let tolerance: Int64 = 1_000
    private static let undeliveredMark = UInt8(ascii: "u")
    private static let epochMark = UInt8(ascii: "-")
    /// Events of different conversations come in another order than their ids say, by this much (ms) at most; so much is read
    /// again, and recognised by its ids.
    static let overlap: Int64 = 10_000
    /// So long (ms) the inbox sets remember.
    static let memory: Int64 = 30 * 86_400_000
    /// As far as this (ms) the clock may have gone back: beyond, what came since is left to the history.
    private static let longestJump: Int64 = 3_600_000

    /// Everything up to this event was brought, or is being read again.
    var event: EventID
    /// The number of the last jump of the clock (`ClockJumps`) that was known when the position was given; 0 for none.
    var epoch: Int64 = 0
    /// Whether what no device had got when the device came first is still owed to it, too.
    var owesUndelivered = false

    /// Goes on with an event that was brought at a moment (ms since the Unix epoch, by the clock that ids have their times
    /// from), when the jumps up to a number were known. Events of other conversations that come next may have lower ids than
    /// one whose conversation is ahead of the clock: the position doesn't go ahead with it, but for what clocks differ by and
    /// what is read again anyway covers.
    mutating func goOn(with id: EventID, at now: Int64, knowing epoch: Int64) {
        let reached = min(id, EventID(at: now + Self.tolerance))
        // Ids from before the clock went back lie ahead of those that come now.
        event = epoch > self.epoch ? reached : max(event, reached)
        self.epoch = max(self.epoch, epoch)
    }

    /// Begins where the clock has gone back to since the position was given.
    mutating func follow(_ jumps: ClockJumps) {
        event = jumps.start(of: event, knowing: epoch)
        epoch = max(epoch, jumps.latest)
    }

    /// Where a device begins that brings this position at a moment (ms) of Redis' clock; nil where what came since can't be
    /// found.
    func resumed(at now: Int64, _ jumps: ClockJumps) -> QueuePosition? {
        var start = self
        start.follow(jumps)
        let now = EventID(at: now)
        guard event <= now.earlier(byMilliseconds: -Self.overlap),
            start.event >= now.earlier(byMilliseconds: Self.memory),
            start.event >= event.earlier(byMilliseconds: Self.longestJump)
        else { return nil }
        return start
    }

    /// What clients see and bring back: the event's id, with a `u` in front where the undelivered is owed, and behind it the
    /// epoch where there is one. Gateways of an earlier format can't read that: while one of them is there, it isn't told.
    func text(oldestFormat: Int64) -> String {
        let tellsEpoch = epoch > 0 && oldestFormat >= Self.format
        return (owesUndelivered ? "u" : "") + event.description + (tellsEpoch ? "-\(epoch)" : "")
    }
}

extension QueuePosition {
    /// Reads what a client brings back; nil where it is something else.
    init?(_ text: some Collection<UInt8>) {
        let owesUndelivered = text.first == Self.undeliveredMark
        let parts = text.dropFirst(owesUndelivered ? 1 : 0)
            .split(separator: Self.epochMark, maxSplits: 1, omittingEmptySubsequences: false)
        guard let event = EventID(parts[0]) else { return nil }
        var epoch: Int64 = 0
        if parts.count == 2 {
            guard let number = Decimal.parse(parts[1]) else { return nil }
            epoch = number
        }
        self.init(event: event, epoch: epoch, owesUndelivered: owesUndelivered)
    }
}
