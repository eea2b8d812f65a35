import Testing

@testable import Gateway
@testable import Shared

@Suite struct ArchiverTests {
    private static let alice = UUID(high: 7, low: 1)
    private static let bob = UUID(high: 7, low: 2)
    private static let now = WallClock.nowMilliseconds()
    private static let day: Int64 = 86_400_000
    private static let partitioning = Partitioning(count: 64)

    private struct Stores {
        let redis: RedisConnection
        let endpoint: RedisEndpoint
        let postgres: PostgresPool

        var archiver: Archiver { Archiver(postgres: postgres, redis: redis, partitioning: ArchiverTests.partitioning) }
        var changes: ConversationChanges {
            ConversationChanges(postgres: postgres, redis: redis, partitioning: ArchiverTests.partitioning)
        }

        /// A group, or the DIRECT conversation of both, that was made long ago, with a message that is so old, if any.
        func make(_ id: UUID, isDirect: Bool = false, messageDaysAgo days: Int64? = nil) async throws {
            _ = try await postgres.query(
                """
                insert into conversations (id, type, created_by, created_at, direct_low, direct_high)
                values ($1, $2, $3, now() - interval '100 days', $4, $5)
                """,
                [
                    .uuid(id), .text(isDirect ? "DIRECT" : "GROUP"), .uuid(alice), isDirect ? .uuid(alice) : .null,
                    isDirect ? .uuid(bob) : .null,
                ])
            _ = try await postgres.query(
                "insert into participants (conversation_id, user_id, role) values ($1, $2, 'ADMIN'), ($1, $3, 'MEMBER')",
                [.uuid(id), .uuid(alice), .uuid(bob)])
            guard let days else { return }
            let event = EventID(at: now - days * day)
            _ = try await postgres.query(
                """
                insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type,
                    message_type, content, client_message_id, created_at)
                values ($1, $2, $2, 0, $3, 'USER', 'TEXT', '', 'a', now())
                """, [.uuid(id), .id(event), .uuid(alice)])
        }

        /// All that are idle for thirty days.
        func archive() async throws -> Archiver.Progress {
            try await archiver.run(idleSince: now - 30 * day) { _, _ in true }
        }

        func isArchived(_ id: UUID) async throws -> Bool? {
            try await postgres.query("select archived_at is not null from conversations where id = $1", [.uuid(id)])
                .rows.first?.bool(0)
        }
    }

    private static func with(_ body: @escaping @Sendable (Stores) async throws -> Void) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                try await withDatabase(loop) { _, pool in
                    _ = try await KnownTimeline.look(pool)
                    try await body(Stores(redis: redis, endpoint: endpoint, postgres: pool))
                }
            }
        }
    }

    private static func id(_ number: UInt64) -> UUID { UUID(high: 8, low: number) }

    @Test func whatIsIdleIsArchivedAndNothingElse() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            try await stores.make(Self.id(2), messageDaysAgo: 29)
            try await stores.make(Self.id(3))
            try await stores.make(Self.id(4), isDirect: true, messageDaysAgo: 90)
            #expect(try await stores.archive() == Archiver.Progress(scanned: 4, archived: 3))
            for (number, expected) in [(1, true), (2, false), (3, true), (4, true)] {
                #expect(try await stores.isArchived(Self.id(UInt64(number))) == expected)
            }
            #expect(try await stores.archive() == Archiver.Progress(scanned: 4, archived: 0))
        }
    }

    @Test func manyAreArchivedInBatchesAndItGoesOnWhereItWasBrokenOff() async throws {
        try await Self.with { stores in
            _ = try await stores.postgres.query(
                """
                insert into conversations (id, type, created_by, created_at)
                select gen_random_uuid(), 'GROUP', $1, now() - interval '50 days' from generate_series(1, 1234)
                """, [.uuid(Self.alice)])
            var batches = 0
            let first = try await stores.archiver.run(idleSince: Self.now - 30 * Self.day) { _, _ in
                batches += 1
                return batches < 3
            }
            #expect(first.archived == 3 * Archiver.batchSize)
            #expect(try await stores.archive().archived == 1_234 - 3 * Archiver.batchSize)
            let versions = try await stores.postgres.query(
                "select count(distinct version) from conversations where archived_by_age_at = archived_at"
            ).rows.first?.integer(0)
            #expect(versions == 1_234)
        }
    }

    /// PostgreSQL doesn't have it yet.
    @Test func whatRedisHasOfALaterMessageKeepsItOpen() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            let key = Keys.conversation(Self.id(1), Self.partitioning.partition(of: Self.id(1)))
            _ = try await stores.redis.call(
                "HSET", key, "f", "1", "last", EventID(at: Self.now).description, "done", "0")
            #expect(try await stores.archive().archived == 0)
            #expect(try await stores.isArchived(Self.id(1)) == false)
            #expect(try await stores.redis.call("EXISTS", key).integer == 1)
        }
    }

    /// Redis' copy of the members may be the only one that a failover has left.
    @Test func nothingIsCutOffWhileLostCommitsAreLookedFor() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            let key = Keys.members(Self.id(1), Self.partitioning.partition(of: Self.id(1)))
            _ = try await stores.redis.call("HSET", key, "v", "1")
            _ = try await stores.postgres.query(
                "insert into parley_meta (key, value) values ('timeline_to_recover', '1/2')")
            #expect(try await stores.archive().archived == 0)
            #expect(try await stores.redis.call("EXISTS", key).integer == 1)
        }
    }

    @Test func aDamagedKeyHoldsUpNobodyElse() async throws {
        try await Self.with { stores in
            for number in UInt64(1)...3 { try await stores.make(Self.id(number), messageDaysAgo: 31) }
            func key(_ number: UInt64) -> String {
                Keys.conversation(Self.id(number), Self.partitioning.partition(of: Self.id(number)))
            }
            _ = try await stores.redis.call("SET", key(1), "x")
            _ = try await stores.redis.call("HSET", key(2), "last", "x")
            #expect(try await stores.archive().archived == 1)
            #expect(try await stores.isArchived(Self.id(3)) == true)
        }
    }

    /// It would let nobody write into a DIRECT conversation, and tell what it can't read.
    @Test func nothingIsArchivedBesideAnEarlierRelease() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            _ = try await stores.redis.call("ZADD", Keys.nodes, "1", "old")
            _ = try await stores.redis.call("SET", Keys.node("old"), "{\"format\":2}")
            #expect(try await stores.archive() == Archiver.Progress())
            _ = try await stores.redis.call("DEL", Keys.node("old"))
            #expect(try await stores.archive().archived == 1)
        }
    }

    @Test func redisForgetsWhatPostgresHasAndKeepsTheRest() async throws {
        try await Self.with { stores in
            for number in UInt64(1)...2 {
                try await stores.make(Self.id(number), messageDaysAgo: 31)
                let key = Keys.conversation(Self.id(number), Self.partitioning.partition(of: Self.id(number)))
                let last = EventID(at: Self.now - 31 * Self.day)
                let done = number == 1 ? last : last.previous
                _ = try await stores.redis.call("HSET", key, "last", last.description, "done", done.description)
                for end in [":events", ":members", ":changes", ":cursors", ":key"] {
                    _ = try await stores.redis.call("SET", key + end, "")
                }
            }
            #expect(try await stores.archive().archived == 2)
            let left = Set(try await stores.redis.call("KEYS", "*").elements?.compactMap(\.text) ?? [])
            let key = Keys.conversation(Self.id(2), Self.partitioning.partition(of: Self.id(2)))
            // The members are cut off by the fence in any case.
            #expect(left == Set(["", ":events", ":changes", ":cursors", ":key"].map { key + $0 }))
        }
    }

    /// After a failover versions that were given may be lost: nodes wouldn't look at their subscribers.
    @Test func nothingIsArchivedOnAnUnknownTimeline() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            _ = try await stores.postgres.query("update parley_meta set value = '1/1' where key = 'timeline'")
            #expect(try await stores.archive().archived == 0)
            #expect(try await stores.isArchived(Self.id(1)) == false)
        }
    }

    @Test func onlyWhoIsThereIsTold() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            try await stores.make(Self.id(2), messageDaysAgo: 31)
            try await stores.make(Self.id(3), isDirect: true, messageDaysAgo: 31)
            let channels = [
                Keys.channel(Self.id(2), Self.partitioning.partition(of: Self.id(2))), Keys.userChannel(Self.bob),
            ]
            let subscriber = RedisSubscriber(stores.endpoint, name: "test", timeout: 10_000, on: stores.redis.loop)
            var subscribed: Set<String> = []
            subscriber.onSubscribed = { subscribed.insert($0) }
            for channel in channels { subscriber.subscribe(channel) }
            subscriber.start()
            defer { subscriber.stop() }
            #expect(try await eventually(stores.redis.loop) { subscribed.count == channels.count })
            #expect(try await stores.archive().archived == 3)
            let told = try await Announcement.takeOverdue(stores.postgres, seconds: 10, limit: 10)
            #expect(Set(told.map(\.conversation)) == [Self.id(2), Self.id(3)])
            #expect(told.allSatisfy { $0.isOfArchiver && $0.noticeEvent == "archived" })
        }
    }

    @Test func aDirectConversationComesOutAgainUnlessSomebodyHasArchivedIt() async throws {
        try await Self.with { stores in
            let id = Self.id(4)
            try await stores.make(id, isDirect: true, messageDaysAgo: 31)
            #expect(try await stores.archive().archived == 1)
            let first = try #require(try await stores.changes.unarchiveByUse(id))
            #expect(first.isChanged && !first.conversation.isArchived)
            // Another node was asked at the same moment: it is open, and told already.
            let second = try #require(try await stores.changes.unarchiveByUse(id))
            #expect(!second.isChanged && !second.conversation.isArchived)
            #expect(try await stores.archive().archived == 1)
            // Who archives it by hand means it.
            guard case .changed = try await stores.changes.make(.archive, in: id, by: Self.alice) else {
                Issue.record("it wasn't archived")
                return
            }
            #expect(try await stores.changes.unarchiveByUse(id) == nil)
            #expect(try await stores.isArchived(id) == true)
        }
    }

    @Test func aGroupStaysArchived() async throws {
        try await Self.with { stores in
            try await stores.make(Self.id(1), messageDaysAgo: 31)
            #expect(try await stores.archive().archived == 1)
            #expect(try await stores.changes.unarchiveByUse(Self.id(1)) == nil)
        }
    }
}
