import Shared
import Testing

@testable import Gateway

@Suite struct CursorBacklogTests {
    private let conversations = (0..<5).map { _ in UUID.random() }

    private func move(_ conversation: UUID, _ user: UUID, _ delivered: EventID, _ read: EventID) -> CursorBacklog.Move {
        CursorBacklog.Move(
            conversation: conversation, user: user, position: Cursors.Position(delivered: delivered, read: read))
    }

    @Test func piecesAreInOrderAndNoLongerThanAChunk() {
        var backlog = CursorBacklog()
        for number in 0..<2_500 { backlog.add(move(conversations[number % 5], UUID.random(), 7, 3)) }
        let pieces = backlog.takeAll()
        #expect(pieces.map(\.count) == [1_000, 1_000, 500] && backlog.count == 0)
        let all = pieces.flatMap(\.self)
        #expect(zip(all, all.dropFirst()).allSatisfy { ($0.conversation, $0.user) < ($1.conversation, $1.user) })
        #expect(backlog.takeAll().isEmpty)
    }

    @Test func aCursorNeverGoesBack() {
        var backlog = CursorBacklog()
        let user = UUID.random()
        backlog.add(move(conversations[0], user, 9, 2))
        // What failed comes back behind a newer move.
        backlog.add(move(conversations[0], user, 5, 4))
        #expect(backlog.takeAll() == [[move(conversations[0], user, 9, 4)]])
    }

    @Test func aFullBacklogStillFollowsThoseItHas() {
        var backlog = CursorBacklog()
        let user = UUID.random()
        backlog.add(move(conversations[0], user, 1, 1))
        for _ in 0..<CursorBacklog.capacity { backlog.add(move(conversations[1], UUID.random(), 1, 1)) }
        #expect(backlog.count == CursorBacklog.capacity)
        backlog.add(move(conversations[0], user, 8, 8))
        let all = backlog.takeAll().flatMap(\.self)
        #expect(all.count == CursorBacklog.capacity)
        #expect(all.contains(move(conversations[0], user, 8, 8)))
    }
}
