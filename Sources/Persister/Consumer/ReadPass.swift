internal import Shared

/// The entries of one read on their way into PostgreSQL, batch by batch. It does no I/O.
///
/// A commit moves a cursor past everything below it. So once a part of a partition's entries was left out, the rest of
/// this read is left out too, though the lease may be good again: the next read begins at the cursor.
struct ReadPass {
    /// Under what the entries were read, by the partition's number.
    private var leases: [Int: Lease] = [:]

    init(_ leases: [Lease]) {
        for lease in leases { self.leases[lease.partition.number] = lease }
    }

    /// The lease that a partition was read under; nil once it is left out.
    func lease(_ number: Int) -> Lease? { leases[number] }

    /// Those of the next entries that may be written now.
    mutating func take(_ entries: ArraySlice<Entry>, _ holds: (Lease) -> Bool) -> [Entry] {
        let present = Set(entries.map(\.partition.number))
        for number in present {
            if let lease = leases[number], !holds(lease) { leases[number] = nil }
        }
        return entries.filter { leases[$0.partition.number] != nil }
    }

    /// Leaves out what else was read of a partition.
    mutating func leaveOut(_ number: Int) { leases[number] = nil }
}
