import Shared
import Testing

@testable import Gateway

/// What a user missed, against a real Redis and PostgreSQL.
@Suite(.serialized) struct InboxTests {
    /// A user with DIRECT conversations that PostgreSQL has.
    private struct Bench {
        let redis: RedisConnection
        let postgres: PostgresPool
        let loader: ConversationLoader
        let partitioning = Partitioning(count: 64)
        let user = UUID.random()
        var conversations: [UUID] = []

        init(_ redis: RedisConnection, _ postgres: PostgresPool, conversations count: Int) async throws {
            self.redis = redis
            self.postgres = postgres
            loader = ConversationLoader(
                redis: redis, postgres: postgres, partitioning: partitioning, stateTTL: 60_000, loop: redis.loop)
            for _ in 0..<count {
                let (id, other) = (UUID.random(), UUID.random())
                _ = try await postgres.query(
                    """
                    insert into conversations (id, type, created_by, direct_low, direct_high)
                    values ($1, 'DIRECT', $2, least($2, $3), greatest($2, $3))
                    """, [.uuid(id), .uuid(user), .uuid(other)])
                _ = try await postgres.query(
                    "insert into participants (conversation_id, user_id, role) select $1, unnest($2::uuid[]), 'MEMBER'",
                    [.uuid(id), .uuids([user, other])])
                conversations.append(id)
            }
        }

        func inbox(epoch: Int64) -> Inbox {
            Inbox(redis: redis, postgres: postgres, partitioning: partitioning) { epoch }
        }

        func loadAll() async throws {
            for conversation in conversations {
                guard case .loaded = await loader.load(conversation) else {
                    Issue.record("the conversation can't be loaded")
                    return
                }
            }
        }

        /// The answer's code.
        func send(in conversation: UUID) async throws -> Int64 {
            let stream = Keys.stream(partitioning.partition(of: conversation))
            let reply = try await redis.call(RedisScripts.accept, keys: [stream]) { command in
                for word in ["\(WallClock.nowMilliseconds())", "43200000", "1000", "1000000", "50", "60000"] {
                    command.add(word)
                }
                command.add(conversation.description)
                command.add(user.description)
                for word in [UUID.random().description, "7", "0", "0", "-"] { command.add(word) }
                command.add(#""senderId":"\#(user)","content":"x"}"#)
                command.add("")
            }
            return try #require(reply.elements?[1].integer)
        }
    }

    private func bench(
        conversations: Int, _ body: @escaping @Sendable (Bench) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    try await body(try await Bench(redis, pool, conversations: conversations))
                }
            }
        }
    }

    /// A subscription to the user's queue reads the inbox twice, before and behind the confirmation of the channel.
    @Test func aSubscriptionCostsFewCommands() async throws {
        try await bench(conversations: 3) { bench in
            try await bench.loadAll()
            for conversation in bench.conversations { #expect(try await bench.send(in: conversation) == 0) }
            let inbox = bench.inbox(epoch: 1_760_000_000_000)
            let all = try await inbox.news(of: bench.user, after: .zero, undelivered: true)
            #expect(Set(all.map(\.conversation)) == Set(bench.conversations), "the index is made")
            let before = bench.redis.commandCount
            for _ in 0..<2 {
                let news = try await inbox.news(of: bench.user, after: .zero, undelivered: true)
                #expect(news == all)
            }
            #expect(bench.redis.commandCount - before <= 9)
        }
    }

    @Test func nothingIsMissedInAPartitionThatComesLater() async throws {
        try await bench(conversations: 4) { bench in
            let inbox = bench.inbox(epoch: 1_760_000_000_000)
            #expect(try await inbox.news(of: bench.user, after: .zero, undelivered: true).isEmpty)
            for conversation in bench.conversations {
                _ = await bench.loader.load(conversation)
                #expect(try await bench.send(in: conversation) == 0)
                let news = try await inbox.news(of: bench.user, after: .zero, undelivered: true)
                #expect(news.map(\.conversation).contains(conversation))
            }
        }
    }

    /// What a process of the first release has loaded, no index may have: it is loaded again before it gets a message.
    @Test func whatAnOlderProcessLoadedIsCold() async throws {
        try await bench(conversations: 1) { bench in
            try await bench.loadAll()
            let conversation = bench.conversations[0]
            let key = Keys.members(conversation, bench.partitioning.partition(of: conversation))
            #expect(try await bench.redis.call("HDEL", key, "f").integer == 1)
            _ = try await bench.redis.call("DEL", Keys.inboxParts(bench.user))
            #expect(try await bench.send(in: conversation) == 2, "cold")
            try await bench.loadAll()
            #expect(try await bench.send(in: conversation) == 0)
            let parts = try await bench.redis.call("SMEMBERS", Keys.inboxParts(bench.user)).elements
            let number = bench.partitioning.partition(of: conversation).number
            #expect(parts?.compactMap(\.integer) == [Int64(number)])
        }
    }

    /// While a process of the first release is there, and in each new epoch behind it, all partitions are read.
    @Test func anIndexThatMayNotBeWholeIsNotBelieved() async throws {
        try await bench(conversations: 2) { bench in
            try await bench.loadAll()
            for conversation in bench.conversations { #expect(try await bench.send(in: conversation) == 0) }
            let first: Int64 = 1_760_000_000_000
            _ = try await bench.inbox(epoch: first).news(of: bench.user, after: .zero, undelivered: true)
            // An older process has loaded one of them, and a message came in.
            let number = bench.partitioning.partition(of: bench.conversations[0]).number
            _ = try await bench.redis.call("SREM", Keys.inboxParts(bench.user), String(number))
            for epoch in [0, first + 1] {
                let news = try await bench.inbox(epoch: epoch).news(of: bench.user, after: .zero, undelivered: true)
                #expect(news.count == 2)
            }
            let parts = try await bench.redis.call("SMEMBERS", Keys.inboxParts(bench.user)).elements
            let found = Set(parts?.compactMap(\.integer) ?? [])
            #expect(found.contains(first + 1) && !found.contains(first) && found.contains(Int64(number)))
        }
    }

    /// Cold conversations aren't loaded to find out what is delivered: one statement tells.
    @Test func whatColdConversationsHaveDeliveredIsOneStatement() async throws {
        try await bench(conversations: 20) { bench in
            try await bench.loadAll()
            for conversation in bench.conversations { #expect(try await bench.send(in: conversation) == 0) }
            for (place, conversation) in bench.conversations.enumerated() {
                let partition = bench.partitioning.partition(of: conversation)
                _ = try await bench.redis.call(
                    "DEL", Keys.conversation(conversation, partition), Keys.members(conversation, partition),
                    Keys.cursors(conversation, partition))
                guard place % 2 == 0 else { continue }
                _ = try await bench.postgres.query(
                    "update participants set delivered_id = $1 where conversation_id = $2 and user_id = $3",
                    [.id(.highest), .uuid(conversation), .uuid(bench.user)])
            }
            let news = try await bench.inbox(epoch: 0).news(
                of: bench.user, after: EventID(at: WallClock.nowMilliseconds() + 60_000), undelivered: true)
            #expect(news.count == 10, "those that are delivered are nothing new")
            let parts = try await bench.redis.call(
                "EXISTS",
                Keys.members(
                    bench.conversations[1], bench.partitioning.partition(of: bench.conversations[1])))
            #expect(parts.integer == 0, "nothing was loaded")
        }
    }

    @Test func headsOfManyConversationsAreOneCall() async throws {
        try await bench(conversations: 3) { bench in
            try await bench.loadAll()
            let conversation = bench.conversations[0]
            #expect(try await bench.send(in: conversation) == 0)
            let membership = Membership(
                redis: bench.redis, bulk: bench.redis, loader: bench.loader, partitioning: bench.partitioning)
            let partition = bench.partitioning.partition(of: conversation)
            let same = bench.conversations.filter { bench.partitioning.partition(of: $0) == partition }
            _ = try await membership.heads(of: [conversation], in: partition)
            let before = bench.redis.commandCount
            let heads = try await membership.heads(of: same + [UUID.random()], in: partition)
            #expect(bench.redis.commandCount - before == 1)
            #expect(heads.count == same.count + 1 && heads.last == .some(nil))
            guard case .known(let head, let version, let recipients) = heads[0] else {
                Issue.record("the conversation is known")
                return
            }
            #expect(head > .zero && version > 0 && recipients.contains(bench.user))
        }
    }

    /// An event that PostgreSQL refused for good was somebody's last one: ids below it would look as if Redis had lost it.
    @Test func aDeadLetterStaysTheLastEvent() async throws {
        try await bench(conversations: 1) { bench in
            let conversation = bench.conversations[0]
            let partition = bench.partitioning.partition(of: conversation)
            let event = "1 m 900 0 1 \(conversation) -\n{}"
            _ = try await bench.redis.call(
                "XADD", Keys.deadLetters(partition), "*", "id", "1-0", "reason", "x", "e", event)
            _ = try await bench.redis.call(
                "XADD", Keys.deadLetters(partition), "*", "id", "2-0", "reason", "x", "e",
                "1 m 999 0 1 \(UUID.random()) -\n{}")
            try await bench.loadAll()
            let state = try await bench.redis.call("HMGET", Keys.conversation(conversation, partition), "last", "floor")
            #expect(state.elements?.map(\.integer) == [900, 0])
        }
    }
}
