import Shared
import Testing

@testable import Persister

@Suite struct StoredPositionsTests {
    private let partition = Partitioning(count: 1).partitions[0]

    private func id(_ number: UInt64) -> StreamID { StreamID(milliseconds: number, sequence: 0) }

    private func lease(_ token: String = "t", cursor: UInt64) -> Lease {
        Lease(partition: partition, token: token, cursor: id(cursor), validUntil: 1_000)
    }

    @Test func aPositionBelowTheCursorIsALoss() {
        var positions = StoredPositions()
        #expect(positions.unknown([lease(cursor: 5)]).count == 1)
        let same = positions.found(id(5), for: lease(cursor: 5))
        // The answer to the last commit in Redis was lost: PostgreSQL is ahead, and what it has is written again.
        let ahead = positions.found(id(6), for: lease(cursor: 5))
        let behind = positions.found(id(4), for: lease(cursor: 5))
        let none = positions.found(nil, for: lease(cursor: 5))
        let fresh = positions.found(nil, for: lease(cursor: 0))
        #expect(same == .agrees && ahead == .agrees && fresh == .agrees)
        #expect(behind == .lost(id(4)) && none == .lost(.zero))
        #expect(positions.unknown([lease(cursor: 5)]).isEmpty)
        #expect(positions.unknown([lease("new", cursor: 5)]).count == 1)
    }

    @Test func aBatchMovesFromWhereTheLastOneLeftIt() {
        var positions = StoredPositions()
        _ = positions.found(id(5), for: lease(cursor: 5))
        let first = positions.moves([0: id(7)])
        #expect(first.map(\.expected) == [id(5)] && first.map(\.new) == [id(7)])
        positions.moved(first)
        let second = positions.moves([0: id(9)])
        #expect(second.map(\.expected) == [id(7)])
        positions.doubt(second)
        #expect(!positions.isKnown(lease(cursor: 7)))
    }
}
