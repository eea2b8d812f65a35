import Shared
import Testing

@testable import Persister

@Suite struct LeaseTableTests {
    private let partitions = Partitioning(count: 4).partitions

    private func lease(_ number: Int, _ token: String = "t", until moment: Int64 = 1_000) -> Lease {
        Lease(partition: partitions[number], token: token, cursor: .zero, validUntil: moment)
    }

    private func id(_ number: UInt64) -> StreamID { StreamID(milliseconds: number, sequence: 0) }

    @Test func whatIsOwnedIsUsableUntilItLapses() {
        var table = LeaseTable()
        table.claimed(lease(2))
        table.claimed(lease(1, until: 500))
        #expect(table.usable(at: 499).map(\.partition.number) == [1, 2])
        #expect(table.usable(at: 500).map(\.partition.number) == [2])
        table.renewed(lease(1), until: 2_000)
        #expect(table.holds(lease(1), at: 1_500) && !table.holds(lease(2), at: 1_500))
        let lapsed = table.lapse(at: 1_500)
        #expect(lapsed == [2])
        #expect(table.count == 1)
    }

    /// An answer that comes after the partition was given up, or claimed anew, is about another ownership.
    @Test func anotherTokenIsAnotherOwnership() {
        var table = LeaseTable()
        table.claimed(lease(0, "new"))
        table.renewed(lease(0, "old"), until: 9_000)
        table.moved(lease(0, "old"), to: id(7))
        let wasLost = table.lost(lease(0, "old"))
        #expect(!wasLost)
        #expect(!table.holds(lease(0, "old"), at: 0))
        #expect(table.holds(lease(0, "new"), at: 999) && !table.holds(lease(0, "new"), at: 1_000))
        #expect(table.leases[0]?.cursor == .zero)
        let isLost = table.lost(lease(0, "new"))
        #expect(isLost && table.count == 0)
    }

    @Test func aDoubtIsSettledByWhatWasReadAfterIt() throws {
        var table = LeaseTable()
        table.claimed(lease(0))
        table.claimed(lease(1))
        table.doubtAll()
        #expect(table.usable(at: 0).isEmpty && !table.holds(lease(0), at: 0))
        let doubtful = table.doubtful
        // Another connection comes up while the cursors are on their way from the one before.
        table.doubt(0)
        for (lease, doubt) in doubtful { table.settled(lease, doubt, cursor: id(5)) }
        #expect(table.usable(at: 0).map(\.partition.number) == [1])
        #expect(table.leases[1]?.cursor == id(5) && table.leases[0]?.cursor == .zero)
        let (again, doubt) = try #require(table.doubtful.first)
        table.settled(again, doubt, cursor: id(6))
        #expect(table.usable(at: 0).map(\.cursor) == [id(6), id(5)])
    }

    @Test func aPauseIsForOnePartitionAndEnds() {
        var table = LeaseTable()
        table.claimed(lease(0))
        table.claimed(lease(1))
        table.pause(0, until: 100)
        #expect(table.usable(at: 99).map(\.partition.number) == [1] && table.paused(at: 99) == 1)
        #expect(table.usable(at: 100).count == 2 && table.paused(at: 100) == 0)
    }

    @Test func whatIsBeyondTheShareIsGivenBack() {
        var table = LeaseTable()
        for number in 0..<4 { table.claimed(lease(number)) }
        let excess = [5, 2, 0].map { table.takeExcess(over: $0).map(\.partition.number) }
        #expect(excess == [[], [3, 2], [1, 0]] && table.count == 0)
    }
}
