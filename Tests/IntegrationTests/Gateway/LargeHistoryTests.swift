import Shared
import Testing

@testable import Gateway

/// Pages of history with large messages, from a real Redis and PostgreSQL.
@Suite(.serialized) struct LargeHistoryTests {
    /// A page ends with the message that reaches its bytes.
    private static let mostBytes = HistoryPage.maximumBytes + LargeConversation.content.utf8.count + 1_000

    private func reader(_ large: LargeConversation) -> HistoryReader {
        HistoryReader(redis: large.redis, postgres: large.postgres, partitioning: large.partitioning, vault: nil)
    }

    /// Everything comes once, newest first and oldest first, in pages that are small and never empty.
    private func expectWhole(_ large: LargeConversation, upTo last: Int64, limit: Int = 200) async throws {
        let newestFirst = try await events(large, .before(.highest), limit)
        #expect(newestFirst.map(\.messageID.rawValue) == (1...last).reversed())
        let oldestFirst = try await events(large, .after(.zero), limit)
        #expect(oldestFirst.map(\.messageID.rawValue) == Array(1...last))
        #expect(oldestFirst.map(\.id) == newestFirst.map(\.id).reversed())
    }

    /// The messages of all pages.
    private func events(
        _ large: LargeConversation, _ first: HistoryReader.Start, _ limit: Int
    ) async throws -> [Event] {
        let reader = reader(large)
        var events: [Event] = []
        var next: HistoryReader.Start? = first
        while let start = next {
            try await expectSmallParts(large, start)
            let (page, items) = try await reader.page(of: large.conversation, start, limit: limit)
            #expect(!items.isEmpty && items.count <= limit)
            #expect(items.reduce(0) { $0 + $1.json.count } < Self.mostBytes)
            events += items
            next =
                switch start {
                case .before: page.lowest.map { .before($0) }
                case .after: page.highest.map { .after($0) }
                }
            if !page.hasMore { next = nil }
        }
        return events
    }

    /// What a store is asked for is no larger than the page, so that nothing waits in memory to be left out.
    private func expectSmallParts(_ large: LargeConversation, _ start: HistoryReader.Start) async throws {
        let part = try await reader(large).part(of: large.conversation, start, HistoryPage(limit: 200).wanted)
        #expect(part.messages.reduce(0) { $0 + $1.byteCount } < Self.mostBytes)
    }

    @Test func whatRedisHasComesInSmallPages() async throws {
        try await withLargeConversation { large in
            try await large.keep(1...40)
            try await expectWhole(large, upTo: 40)
        }
    }

    @Test func whatPostgreSQLHasComesInSmallPages() async throws {
        try await withLargeConversation { large in
            try await large.store(1...40)
            try await expectWhole(large, upTo: 40)
        }
    }

    @Test func aPageOfBothIsSmallToo() async throws {
        try await withLargeConversation { large in
            try await large.store(1...12)
            try await large.keep(13...30)
            try await expectWhole(large, upTo: 30)
        }
    }

    /// More edits than are looked at in one call lie before the messages, and as many states of them among these.
    @Test func editsLieInTheWay() async throws {
        try await withLargeConversation { large in
            try await large.keep(1...100)
            try await large.edit(6...95, from: 101)
            try await expectWhole(large, upTo: 100)
            #expect(try await events(large, .after(.zero), 200).count { $0.head.kind == .edited } == 90)
        }
    }

    /// Small messages in PostgreSQL were made large by edits that it doesn't have yet.
    @Test func editsAreNewerThanPostgreSQL() async throws {
        try await withLargeConversation { large in
            try await large.store(1...40, content: "")
            try await large.keep(41...42)
            try await large.edit(1...40, from: 43)
            try await expectWhole(large, upTo: 42)
            #expect(try await events(large, .before(.highest), 200).count { $0.head.kind == .edited } == 40)
        }
    }

    /// Entries of a format to come take no message's place, and what is behind them isn't taken to be below the floor.
    @Test func historyReadsOnBehindWhatCannotBeRead() async throws {
        try await withLargeConversation { large in
            try await large.keep(1...4)
            for id in 5...24 {
                _ = try await large.redis.call("XADD", large.key + ":events", "\(id)-0", "e", "2 m \(id) ?")
            }
            try await expectWhole(large, upTo: 4, limit: 2)
        }
    }

    /// As many as were asked for, and no more is said to be there than there is.
    @Test(arguments: [1, 3, 7])
    func pagesOfAnyNumber(limit: Int) async throws {
        try await withLargeConversation { large in
            try await large.store(1...3)
            try await large.keep(4...9)
            try await large.edit(2...5, from: 10)
            try await expectWhole(large, upTo: 9, limit: limit)
        }
    }
}
