import Shared
import Testing

@testable import Gateway

/// Pages of large events, against a real Redis and PostgreSQL.
@Suite(.serialized) struct LargePagesTests {
    fileprivate static let content = String(repeating: "x", count: 60_000)

    /// A group with events of 60 KB; each is in Redis or in PostgreSQL.
    private struct Bench {
        let redis: RedisConnection
        let postgres: PostgresPool
        let partitioning = Partitioning(count: 64)
        let conversation = UUID.random()
        let user = UUID.random()

        init(_ redis: RedisConnection, _ postgres: PostgresPool) async throws {
            self.redis = redis
            self.postgres = postgres
            _ = try await postgres.query(
                "insert into conversations (id, type, created_by) values ($1, 'GROUP', $2)",
                [.uuid(conversation), .uuid(user)])
        }

        var key: String { Keys.conversation(conversation, partitioning.partition(of: conversation)) }

        func store(_ ids: ClosedRange<Int64>) async throws {
            _ = try await postgres.query(
                """
                insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type,
                    message_type, content, client_message_id, created_at)
                select $1, id, id, id - 1, $2, 'USER', 'TEXT', $3, id::text, now() from generate_series($4, $5) as id
                """,
                [
                    .uuid(conversation), .uuid(user), .text(LargePagesTests.content), .integer(ids.lowerBound),
                    .integer(ids.upperBound),
                ])
        }

        func keep(_ ids: ClosedRange<Int64>) async throws {
            for id in ids {
                let entry = """
                    1 m \(id) \(id - 1) 1 \(conversation) -
                    {"id":\(id),"senderId":"\(user)","content":"\(LargePagesTests.content)"}
                    """
                _ = try await redis.call("XADD", key + ":events", "\(id)-0", "e", entry)
            }
            _ = try await redis.call(
                "HSET", key, "f", "1", "last", "\(ids.upperBound)", "floor", "\(ids.lowerBound - 1)")
        }

        /// All pages, in order.
        func pages() async throws -> [EventPage] {
            let reader = EventReader(redis: redis, postgres: postgres, partitioning: partitioning, vault: nil)
            var pages: [EventPage] = []
            repeat {
                pages.append(
                    try await reader.events(of: conversation, after: pages.last?.end ?? .zero, limit: PageReader.page))
            } while !pages[pages.count - 1].isLast && pages.count < 100
            return pages
        }
    }

    /// Everything comes, in order, and no page is larger than it may be by more than its last event.
    private func expectWhole(_ pages: [EventPage], upTo last: Int64) {
        #expect(pages.flatMap(\.events).map(\.id.rawValue) == Array(1...last))
        for page in pages { #expect(page.byteCount < EventReader.pageBytes + Self.content.utf8.count + 1_000) }
    }

    private func bench(_ body: @escaping @Sendable (Bench) async throws -> Void) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in try await body(try await Bench(redis, pool)) }
            }
        }
    }

    @Test func whatRedisHasComesInSmallPages() async throws {
        try await bench { bench in
            try await bench.keep(1...40)
            expectWhole(try await bench.pages(), upTo: 40)
        }
    }

    @Test func whatPostgreSQLHasComesInSmallPages() async throws {
        try await bench { bench in
            try await bench.store(1...40)
            expectWhole(try await bench.pages(), upTo: 40)
        }
    }

    @Test func aPageOfBothIsSmallToo() async throws {
        try await bench { bench in
            try await bench.store(1...12)
            try await bench.keep(13...30)
            expectWhole(try await bench.pages(), upTo: 30)
        }
    }

    /// Small events cost one page, however the script looks at them.
    @Test func smallEventsComeTogether() async throws {
        try await bench { bench in
            for id in 1...150 {
                let entry = "1 m \(id) \(id - 1) 1 \(bench.conversation) -\n{\"id\":\(id)}"
                _ = try await bench.redis.call("XADD", bench.key + ":events", "\(id)-0", "e", entry)
            }
            _ = try await bench.redis.call("HSET", bench.key, "f", "1", "last", "150", "floor", "0")
            let pages = try await bench.pages()
            #expect(pages.map(\.events.count) == [100, 50])
            expectWhole(pages, upTo: 150)
        }
    }
}
