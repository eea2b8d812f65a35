import Shared
import Testing

@testable import Gateway

/// Pages of large events, against a real Redis and PostgreSQL.
@Suite(.serialized) struct LargePagesTests {
    /// All pages, in order.
    private func pages(_ large: LargeConversation) async throws -> [EventPage] {
        let reader = EventReader(
            redis: large.redis, postgres: large.postgres, partitioning: large.partitioning, vault: nil)
        var pages: [EventPage] = []
        repeat {
            pages.append(
                try await reader.events(
                    of: large.conversation, after: pages.last?.end ?? .zero, limit: PageReader.page))
        } while !pages[pages.count - 1].isLast && pages.count < 100
        return pages
    }

    /// Everything comes, in order, and no page is larger than it may be by more than its last event.
    private func expectWhole(_ pages: [EventPage], upTo last: Int64) {
        #expect(pages.flatMap(\.events).map(\.id.rawValue) == Array(1...last))
        for page in pages {
            #expect(page.byteCount < EventReader.pageBytes + LargeConversation.content.utf8.count + 1_000)
        }
    }

    @Test func whatRedisHasComesInSmallPages() async throws {
        try await withLargeConversation { large in
            try await large.keep(1...40)
            expectWhole(try await pages(large), upTo: 40)
        }
    }

    @Test func whatPostgreSQLHasComesInSmallPages() async throws {
        try await withLargeConversation { large in
            try await large.store(1...40)
            expectWhole(try await pages(large), upTo: 40)
        }
    }

    @Test func aPageOfBothIsSmallToo() async throws {
        try await withLargeConversation { large in
            try await large.store(1...12)
            try await large.keep(13...30)
            expectWhole(try await pages(large), upTo: 30)
        }
    }

    /// Small events cost one page, however the script looks at them.
    @Test func smallEventsComeTogether() async throws {
        try await withLargeConversation { large in
            for id in 1...150 {
                let entry = "1 m \(id) \(id - 1) 1 \(large.conversation) -\n{\"id\":\(id)}"
                _ = try await large.redis.call("XADD", large.key + ":events", "\(id)-0", "e", entry)
            }
            _ = try await large.redis.call("HSET", large.key, "f", "1", "last", "150", "floor", "0")
            let read = try await pages(large)
            #expect(read.map(\.events.count) == [100, 50])
            expectWhole(read, upTo: 150)
        }
    }
}
