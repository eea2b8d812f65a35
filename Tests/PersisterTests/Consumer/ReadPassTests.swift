import Shared
import Testing

@testable import Persister

@Suite struct ReadPassTests {
    private let partitions = Partitioning(count: 2).partitions

    private func entry(_ partition: Int, _ number: UInt64) -> Entry {
        Entry(partition: partitions[partition], id: StreamID(milliseconds: number, sequence: 0), bytes: [])
    }

    /// A lease that has lapsed while one batch was written and is renewed for the next: a commit of the second batch
    /// would move the cursor past the first one's entries, which nobody has written.
    @Test func whatWasSkippedOnceIsLeftOutOfTheWholeRead() {
        var table = LeaseTable()
        for (number, moment) in [(0, Int64(100)), (1, 200)] {
            table.claimed(
                Lease(partition: partitions[number], token: "t\(number)", cursor: .zero, validUntil: moment))
        }
        var pass = ReadPass(table.usable(at: 0))
        let entries = [entry(0, 1), entry(1, 1), entry(0, 2), entry(1, 2), entry(0, 3)]
        let first = pass.take(entries[..<2]) { table.holds($0, at: 100) }
        #expect(first.map(\.partition.number) == [1])
        if let lease = table.leases[0] { table.renewed(lease, until: 1_000) }
        let second = pass.take(entries[2...]) { table.holds($0, at: 101) }
        #expect(second.map(\.partition.number) == [1])
        #expect(pass.lease(0) == nil && pass.lease(1)?.token == "t1")
        // The next read has it again, from its cursor.
        var next = ReadPass(table.usable(at: 101))
        let all = next.take(entries[...]) { table.holds($0, at: 101) }
        #expect(all.count == 5)
    }

    /// The connection was lost and is back: what was read before is of a Redis that may be another one.
    @Test func aDoubtEndsTheReadThoughItIsSettled() throws {
        var table = LeaseTable()
        table.claimed(Lease(partition: partitions[0], token: "t", cursor: .zero, validUntil: 1_000))
        var pass = ReadPass(table.usable(at: 0))
        table.doubtAll()
        let first = pass.take([entry(0, 1)][...]) { table.holds($0, at: 1) }
        #expect(first.isEmpty)
        let (lease, doubt) = try #require(table.doubtful.first)
        table.settled(lease, doubt, cursor: .zero)
        let second = pass.take([entry(0, 2)][...]) { table.holds($0, at: 1) }
        #expect(second.isEmpty)
    }

    @Test func whatIsClaimedAnewIsAnotherRead() {
        var table = LeaseTable()
        table.claimed(Lease(partition: partitions[0], token: "old", cursor: .zero, validUntil: 1_000))
        var pass = ReadPass(table.usable(at: 0))
        table.claimed(Lease(partition: partitions[0], token: "new", cursor: .zero, validUntil: 2_000))
        let taken = pass.take([entry(0, 1)][...]) { table.holds($0, at: 1) }
        #expect(taken.isEmpty)
    }
}
