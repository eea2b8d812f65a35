import Testing

@testable import Gateway
@testable import Shared

@Suite struct CursorMovesTests {
    private typealias Moves = CursorMoves<Int>
    private static let partitioning = Partitioning(count: 4)

    private static func position(_ delivered: EventID, _ read: EventID = 0) -> Cursors.Position {
        Cursors.Position(delivered: delivered, read: read)
    }

    /// A client that sends a thousand rising ids in a window causes one write.
    @Test func movesOfOneUserInOneConversationAreOneWrite() {
        var moves = Moves(maximum: 10)
        let key = CursorKey(conversation: .random(), user: .random())
        for id in 1...1_000 {
            let position = Self.position(EventID(rawValue: Int64(id)) ?? 0, EventID(rawValue: Int64(1_000 - id)) ?? 0)
            let isKept = moves.add(key, position, id)
            #expect(isKept)
        }
        let batches = moves.takeAll(Self.partitioning, size: 100)
        #expect(batches.count == 1)
        #expect(batches.first?.moves.map(\.position) == [Self.position(1_000, 999)])
        #expect(batches.first?.moves.first?.waiters == Array(1...1_000), "everybody who asked is told")
        #expect(moves.isEmpty)
    }

    @Test func movesAreTakenByPartitionInOneOrderAndInBatches() {
        var moves = Moves(maximum: 1_000)
        let conversations = (0..<20).map { _ in UUID.random() }
        for conversation in conversations {
            for _ in 0..<7 {
                _ = moves.add(CursorKey(conversation: conversation, user: .random()), Self.position(1), nil)
            }
        }
        let batches = moves.takeAll(Self.partitioning, size: 10)
        #expect(batches.map(\.moves.count).reduce(0, +) == 140)
        for batch in batches {
            #expect(batch.moves.count <= 10)
            #expect(batch.moves.map(\.key) == batch.moves.map(\.key).sorted())
            #expect(batch.moves.allSatisfy { Self.partitioning.partition(of: $0.key.conversation) == batch.partition })
        }
    }

    @Test func nothingIsKeptBeyondTheBoundButWhatIsThereAlready() {
        var moves = Moves(maximum: 1)
        let first = CursorKey(conversation: .random(), user: .random())
        let kept = [
            moves.add(first, Self.position(1), 1),
            moves.add(CursorKey(conversation: .random(), user: .random()), Self.position(1), 2),
            moves.add(first, Self.position(2), 3),
        ]
        #expect(kept == [true, false, true])
        let taken = moves.takeAll(Self.partitioning, size: 10).flatMap(\.moves)
        #expect(taken.map(\.waiters) == [[1, 3]])
    }
}
