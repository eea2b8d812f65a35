internal import Shared

/// What this persister knows of the partitions that it owns. It does no I/O, and is told what time it is.
struct LeaseTable {
    /// What is owned, by number.
    private(set) var leases: [Int: Lease] = [:]
    /// Partitions whose cursors have to be read again before anything else is done, and the number of the doubt: what
    /// was read before the newest doubt doesn't settle it.
    private var doubts: [Int: Int] = [:]
    private var lastDoubt = 0
    /// Partitions that are left alone until a moment, since Redis refuses something about them.
    private var pauses: [Int: Int64] = [:]

    var count: Int { leases.count }

    // MARK: Having and losing

    mutating func claimed(_ lease: Lease) {
        forget(lease.partition.number)
        leases[lease.partition.number] = lease
    }

    /// Redis has prolonged a lease, unless it has been given up meanwhile.
    mutating func renewed(_ lease: Lease, until moment: Int64) {
        guard isCurrent(lease) else { return }
        leases[lease.partition.number]?.validUntil = moment
    }

    /// The partition is somebody else's; false where that was known.
    mutating func lost(_ lease: Lease) -> Bool {
        guard isCurrent(lease) else { return false }
        forget(lease.partition.number)
        return true
    }

    /// Takes out what is no longer sure to be owned, and returns the numbers.
    mutating func lapse(at now: Int64) -> [Int] {
        let lapsed = leases.values.filter { $0.validUntil <= now }.map(\.partition.number).sorted()
        for number in lapsed { forget(number) }
        return lapsed
    }

    /// Takes out what is beyond a share, to be given back.
    mutating func takeExcess(over share: Int) -> [Lease] {
        let excess = leases.values.sorted { $0.partition.number > $1.partition.number }.prefix(max(0, count - share))
        for lease in excess { forget(lease.partition.number) }
        return Array(excess)
    }

    /// Takes out everything, to be given back.
    mutating func takeAll() -> [Lease] { takeExcess(over: 0) }

    private mutating func forget(_ number: Int) {
        leases[number] = nil
        doubts[number] = nil
        pauses[number] = nil
    }

    private func isCurrent(_ lease: Lease) -> Bool { leases[lease.partition.number]?.token == lease.token }

    // MARK: Using

    /// What can be read now, by number.
    func usable(at now: Int64) -> [Lease] {
        leases.values.filter { holds($0, at: now) && pauses[$0.partition.number] ?? 0 <= now }
            .sorted { $0.partition.number < $1.partition.number }
    }

    /// Whether what was read under a lease may be written: it is still owned, as far as the clock says, and where its
    /// cursor stands is known.
    func holds(_ lease: Lease, at now: Int64) -> Bool {
        guard isCurrent(lease), let current = leases[lease.partition.number] else { return false }
        return current.validUntil > now && doubts[lease.partition.number] == nil
    }

    /// What was read up to `cursor` is committed.
    mutating func moved(_ lease: Lease, to cursor: StreamID) {
        guard isCurrent(lease) else { return }
        leases[lease.partition.number]?.cursor = cursor
    }

    /// PostgreSQL's position was compared with the cursor.
    mutating func compared(_ lease: Lease) {
        guard isCurrent(lease) else { return }
        leases[lease.partition.number]?.followsOlder = false
    }

    /// The cursor was moved back: what was committed up to `replayEnd` is written again.
    mutating func rewound(_ lease: Lease, to cursor: StreamID, replayEnd: StreamID) {
        guard isCurrent(lease) else { return }
        leases[lease.partition.number]?.cursor = cursor
        leases[lease.partition.number]?.replayEnd = max(lease.replayEnd, replayEnd)
    }

    /// Redis refuses something about a partition: the others go on.
    mutating func pause(_ number: Int, until moment: Int64) { pauses[number] = moment }

    /// How many partitions are left alone.
    func paused(at now: Int64) -> Int { pauses.values.count { $0 > now } }

    // MARK: Doubting

    /// Whether the cursor has moved is unknown.
    mutating func doubt(_ number: Int) {
        guard leases[number] != nil else { return }
        lastDoubt += 1
        doubts[number] = lastDoubt
    }

    /// The Redis behind a new connection may be another one, which has lost the latest: its cursors count, not those in
    /// memory.
    mutating func doubtAll() {
        for number in leases.keys { doubt(number) }
    }

    /// The leases whose cursors are to be read again, and the doubts that this settles.
    var doubtful: [(lease: Lease, doubt: Int)] {
        doubts.compactMap { number, doubt in leases[number].map { ($0, doubt) } }
    }

    /// A cursor was read for a doubt.
    mutating func settled(_ lease: Lease, _ doubt: Int, cursor: StreamID, replayEnd: StreamID = .zero) {
        guard isCurrent(lease), doubts[lease.partition.number] == doubt else { return }
        doubts[lease.partition.number] = nil
        leases[lease.partition.number]?.cursor = cursor
        leases[lease.partition.number]?.replayEnd = replayEnd
    }
}
