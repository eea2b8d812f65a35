import Testing

@testable import Gateway
@testable import Shared

@Suite struct RecentAuthorsTests {
    private static let ann = UUID.random()
    private static let bob = UUID.random()
    private static let eve = UUID.random()

    private static func move(
        delivered: ClosedRange<EventID> = 0...0, read: ClosedRange<EventID> = 0...0
    ) -> CursorNotice.Move {
        CursorNotice.Move(
            user: .random(), now: Cursors.Position(delivered: delivered.upperBound, read: read.upperBound),
            before: Cursors.Position(delivered: delivered.lowerBound, read: read.lowerBound))
    }

    /// Events 10, 20, 30 by Ann, Bob, Ann; nothing is known of what was up to 5.
    private static var authors: RecentAuthors {
        var authors = RecentAuthors(after: 5)
        authors.note(10, after: 5, by: ann)
        authors.note(20, after: 10, by: bob)
        authors.note(30, after: 20, by: ann)
        return authors
    }

    @Test func aMoveConcernsThoseWhoWroteWhatItPasses() {
        let authors = Self.authors
        #expect(authors.mayHaveWritten(Self.bob, Self.move(delivered: 10...20)))
        #expect(!authors.mayHaveWritten(Self.ann, Self.move(delivered: 10...20)))
        #expect(authors.mayHaveWritten(Self.ann, Self.move(read: 20...30)))
        #expect(!authors.mayHaveWritten(Self.eve, Self.move(delivered: 5...30, read: 5...30)))
        #expect(!authors.mayHaveWritten(Self.ann, Self.move(delivered: 30...30, read: 30...30)))
    }

    @Test func whatIsNotKnownConcernsEverybody() {
        #expect(Self.authors.mayHaveWritten(Self.eve, Self.move(read: 4...10)))
    }

    @Test func aHoleForgetsWhatWasBefore() {
        var authors = Self.authors
        authors.note(50, after: 40, by: Self.bob)
        #expect(authors.mayHaveWritten(Self.eve, Self.move(read: 20...50)))
        #expect(authors.mayHaveWritten(Self.bob, Self.move(read: 40...50)))
        #expect(!authors.mayHaveWritten(Self.ann, Self.move(read: 40...50)))
    }

    @Test func editsHaveNoAuthorWhoWaits() {
        var authors = Self.authors
        authors.note(40, after: 30, by: nil)
        #expect(!authors.mayHaveWritten(Self.ann, Self.move(read: 30...40)))
    }

    @Test func theNewestAreRemembered() {
        var authors = RecentAuthors(after: 0)
        for id in 1...1_000 {
            let event = EventID(rawValue: Int64(id)) ?? 0
            authors.note(event, after: event.previous, by: id == 999 ? Self.ann : Self.bob)
        }
        #expect(authors.mayHaveWritten(Self.ann, Self.move(read: 998...1_000)))
        #expect(!authors.mayHaveWritten(Self.ann, Self.move(read: 999...1_000)))
        #expect(authors.mayHaveWritten(Self.eve, Self.move(read: 1...1_000)), "what was forgotten isn't known")
    }
}
