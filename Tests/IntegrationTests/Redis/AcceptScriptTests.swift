import Shared
import Testing

/// The accept script against a real Redis.
@Suite(.serialized) struct AcceptScriptTests {
    /// Milliseconds for which copies of what PostgreSQL has stay.
    private static let lifetime: Int64 = 60_000

    /// One conversation's keys, and a way to call the script.
    private struct Bench {
        let redis: RedisConnection
        let partition = Partitioning(count: 1).partitions[0]
        let conversation = UUID.random()
        let sender = UUID.random()
        let other = UUID.random()

        struct Message {
            var conversation: UUID?
            var sender: UUID?
            var digest = "digest"
            var seen: Int64 = 0
            var random: Int64 = 0
            var isOfServer = false
            var change = "-"
            var kept = ""
        }

        func key(_ suffix: String = "") -> String { Keys.conversation(conversation, partition) + suffix }

        func load(archived: Bool = false, byAge: Bool = false, last: Int64 = 0, direct: Bool = true) async throws {
            _ = try await redis.call("SET", key(":ticket"), "t")
            let users = [sender, other].sorted().map(\.description)
            let reply = try await redis.call(RedisScripts.load, keys: [Keys.stream(partition)]) { command in
                command.add(conversation.description)
                command.add("t")
                command.add(last)
                command.add("7")
                command.add(byAge ? "2" : archived ? "1" : "0")
                command.add(direct ? users.joined(separator: ",") : "-")
                command.add("60000")
                for user in users {
                    for word in [user, "MEMBER", "0", "0"] { command.add(word) }
                }
            }
            #expect(reply.integer == 1)
        }

        /// The script's clock, and a code, an id and a previous id per message.
        func accept(
            _ messages: [Message], now: Int64 = WallClock.nowMilliseconds(), room: Int64 = 1_000, bytes: Int64 = 1 << 30
        ) async throws -> [Int64] {
            let reply = try await redis.call(RedisScripts.accept, keys: [Keys.stream(partition)]) { command in
                command.add(now)
                command.add(Int64(43_200_000))
                command.add(room)
                command.add(bytes)
                command.add("50")
                command.add(AcceptScriptTests.lifetime)
                for message in messages {
                    command.add((message.conversation ?? conversation).description)
                    command.add((message.sender ?? sender).description)
                    command.add(message.digest)
                    command.add(message.random)
                    command.add(message.seen)
                    command.add(message.isOfServer ? "1" : "0")
                    command.add(message.change)
                    command.add(#""content":"x"}"#)
                    command.add(message.kept)
                }
            }
            return try #require(reply.elements).compactMap(\.integer)
        }

        /// All that is in the database, by key; hashes as sorted text, since DUMP gives their fields in any order.
        func dump() async throws -> [String: String] {
            var all: [String: String] = [:]
            for name in try await redis.call("KEYS", "*").elements?.compactMap(\.text) ?? [] {
                let reply: RedisReply
                switch try await redis.call("TYPE", name).text {
                case "hash": reply = try await redis.call("HGETALL", name)
                case "stream": reply = try await redis.call("XRANGE", name, "-", "+")
                case "zset": reply = try await redis.call("ZRANGE", name, "0", "-1", "WITHSCORES")
                default: reply = try await redis.call("GET", name)
                }
                let texts = reply.elements?.map { $0.text ?? "\($0)" } ?? [reply.text ?? ""]
                all[name] = texts.sorted().joined(separator: "|")
            }
            return all
        }
    }

    private func bench(_ body: @escaping @Sendable (Bench) async throws -> Void) async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await body(Bench(redis: redis))
            }
        }
    }

    /// With encryption what is kept isn't what is published.
    @Test func whatIsKeptMayBeAnotherTextThanWhatIsPublished() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let bench = Bench(redis: redis)
                try await bench.load()
                let subscriber = RedisSubscriber(endpoint, name: "test", timeout: 1_000, on: loop)
                let channels = [
                    Keys.channel(bench.conversation, bench.partition), Keys.userChannel(bench.sender),
                    Keys.userChannel(bench.other),
                ]
                var confirmed = 0
                var published: [[UInt8]] = []
                subscriber.onSubscribed = { _ in confirmed += 1 }
                subscriber.onMessage = { _, payload in published.append(payload) }
                for channel in channels { subscriber.subscribe(channel) }
                subscriber.start()
                while confirmed < channels.count { await loop.sleep(milliseconds: 5) }
                let reply = try await bench.accept([.init(kept: #""content":"sealed"}"#)])
                #expect(reply[1] == 0)
                for key in [Keys.stream(bench.partition), bench.key(":events")] {
                    let entries = try await redis.call("XRANGE", key, "-", "+")
                    let entry = try #require(entries.elements?.first?.elements?.last?.elements?.last?.text)
                    #expect(entry.hasSuffix(#","content":"sealed"}"#))
                }
                while published.count < channels.count { await loop.sleep(milliseconds: 5) }
                for payload in published {
                    #expect(String(decoding: payload, as: UTF8.self).hasSuffix(#","content":"x"}"#))
                    #expect(EventHead(payload)?.eventID.rawValue == reply[2])
                }
                subscriber.stop()
            }
        }
    }

    @Test func anAcceptedMessageIsEverywhereItBelongs() async throws {
        try await bench { bench in
            try await bench.load()
            let reply = try await bench.accept([.init(random: 17)])
            let (clock, id) = (reply[0], reply[2])
            #expect(reply.dropFirst() == [0, id, 0])
            #expect(id == EventID(at: clock).rawValue + 17)
            let entries = try await bench.redis.call("XRANGE", Keys.stream(bench.partition), "-", "+")
            let bytes = try #require(entries.elements?.first?.elements?.last?.elements?.last?.bytes)
            let head = try #require(EventHead(bytes))
            #expect(head.eventID.rawValue == id && head.previousEventID == 0)
            #expect(head.version == 7 && head.recipients.count == 2)
            let json = try #require(try JSONParser.parse(bytes[head.bodyStart...]).object)
            #expect(json["id"]?.integer == id && json["eventId"]?.integer == id && json["content"]?.string == "x")
            #expect(json["createdAt"]?.string == RFC3339.format(milliseconds: clock))
            let cache = try await bench.redis.call("XRANGE", bench.key(":events"), "-", "+")
            #expect(cache.elements?.first?.elements?.first?.text == "\(id)-0")
            #expect(cache.elements?.first?.elements?.last?.elements?.last?.bytes == bytes)
            for user in [bench.sender, bench.other] {
                let inbox = Keys.inbox(user, bench.partition)
                let score = try await bench.redis.call("ZSCORE", inbox, bench.conversation.description)
                #expect(score.integer == id)
            }
            #expect(try await bench.redis.call("HGET", bench.key(), "last").integer == id)
        }
    }

    @Test func aBatchIsOneChainAndRepeatsAreAnsweredInIt() async throws {
        try await bench { bench in
            try await bench.load()
            let reply = try await bench.accept(["a", "b", "a", "c"].map { .init(digest: $0) })
            let ids = stride(from: 2, to: reply.count, by: 3).map { reply[$0] }
            let codes = stride(from: 1, to: reply.count, by: 3).map { reply[$0] }
            let previous = stride(from: 3, to: reply.count, by: 3).map { reply[$0] }
            #expect(codes == [0, 0, 1, 0] && ids[2] == ids[0] && ids[0] < ids[1] && ids[1] < ids[3])
            #expect(previous[0] == 0 && previous[1] == ids[0] && previous[3] == ids[1])
            #expect(try await bench.redis.call("XLEN", Keys.stream(bench.partition)).integer == 3)
            let again = try await bench.accept([.init(digest: "b")])
            #expect(again.dropFirst() == [1, ids[1], 0])
        }
    }

    @Test func aRepeatIsAnsweredBeforeAnyAuthorisation() async throws {
        try await bench { bench in
            try await bench.load()
            let id = try await bench.accept([.init(digest: "a")])[2]
            try await bench.load(archived: true, last: 0)
            #expect(try await bench.accept([.init(digest: "a")]).dropFirst() == [1, id, 0])
            #expect(try await bench.accept([.init(digest: "b")]).dropFirst() == [4, 0, 0])
            _ = try await bench.redis.call("DEL", bench.key(":members"))
            #expect(try await bench.accept([.init(digest: "a")]).dropFirst() == [1, id, 0])
            #expect(try await bench.accept([.init(digest: "b")]).dropFirst() == [2, 0, 0])
        }
    }

    @Test func whoIsNotInItAndWhatIsCold() async throws {
        try await bench { bench in
            #expect(try await bench.accept([.init()]).dropFirst() == [2, 0, 0])
            try await bench.load()
            #expect(try await bench.accept([.init(sender: UUID.random())]).dropFirst() == [3, 0, 0])
            #expect(try await bench.redis.call("XLEN", Keys.stream(bench.partition)).integer == 0)
        }
    }

    @Test func theServersOwnMessagesNeedNoMembership() async throws {
        try await bench { bench in
            try await bench.load(archived: true)
            let stranger = UUID.random()
            #expect(try await bench.accept([.init(sender: stranger, digest: "a")])[1] == 3)
            #expect(try await bench.accept([.init(sender: stranger, digest: "a", isOfServer: true)])[1] == 0)
        }
    }

    /// Who writes takes it out; an edit alone doesn't.
    @Test func aConversationThatIsArchivedForItsAgeIsToldApart() async throws {
        try await bench { bench in
            try await bench.load(byAge: true)
            let edit = "e 1 1 2026-01-02T03:04:05.678Z"
            let reply = try await bench.accept([.init(digest: "a"), .init(digest: "b", change: edit)])
            #expect(reply.dropFirst() == [10, 0, 0, 4, 0, 0])
            #expect(try await bench.accept([.init(sender: UUID.random())])[1] == 3)
            try await bench.load(archived: true)
            #expect(try await bench.accept([.init(digest: "a")])[1] == 4)
            try await bench.load()
            #expect(try await bench.accept([.init(digest: "a")])[1] == 0)
        }
    }

    @Test func anEditTakesTheNextEventAndThePlaceOfTheOldState() async throws {
        try await bench { bench in
            try await bench.load()
            let first = try await bench.accept([.init(digest: "a")])[2]
            let made = "2026-01-02T03:04:05.678Z"
            let edit = try await bench.accept([.init(digest: "b", change: "e \(first) \(first) \(made)")])
            #expect(edit[1] == 0 && edit[2] > first && edit[3] == first)
            let cache = try await bench.redis.call("XRANGE", bench.key(":events"), "-", "+").elements ?? []
            #expect(cache.count == 1, "the old content is gone")
            let bytes = try #require(cache.first?.elements?.last?.elements?.last?.bytes)
            let head = try #require(EventHead(bytes))
            let json = try #require(try JSONParser.parse(bytes[head.bodyStart...]).object)
            #expect(head.kind == .edited && json["id"]?.integer == first && json["eventId"]?.integer == edit[2])
            #expect(json["createdAt"]?.string == made)
            // Who doesn't know of the edit is told so, also within one call; a repeat gets its first answer.
            let stale = try await bench.accept([
                .init(digest: "c", change: "d \(first) \(first) \(made)"),
                .init(digest: "d", change: "d \(first) \(edit[2]) \(made)"),
                .init(digest: "e", change: "e \(first) \(edit[2]) \(made)"),
                .init(digest: "b", change: "e \(first) \(first) \(made)"),
            ])
            #expect([stale[1], stale[4], stale[7], stale[10]] == [8, 0, 8, 1])
            #expect(stale[11] == edit[2])
            #expect(try await bench.redis.call("XLEN", Keys.stream(bench.partition)).integer == 3)
        }
    }

    @Test func aFullStreamRefusesAndLosesNothing() async throws {
        try await bench { bench in
            try await bench.load()
            let reply = try await bench.accept(["a", "b", "c"].map { .init(digest: $0) }, room: 2)
            #expect([reply[1], reply[4], reply[7]] == [0, 0, 5])
            #expect(try await bench.accept([.init(digest: "d")], room: 2).dropFirst() == [5, 0, 0])
            #expect(try await bench.redis.call("XLEN", Keys.stream(bench.partition)).integer == 2)
            // What was refused isn't remembered as sent.
            #expect(try await bench.accept([.init(digest: "c")], room: 3)[1] == 0)
        }
    }

    @Test func aStreamIsBoundedInBytesToo() async throws {
        try await bench { bench in
            try await bench.load()
            let size = Keys.size(bench.partition)
            let first = try await bench.accept([.init(digest: "a")])
            let entry = try #require(
                try await bench.redis.call("XRANGE", Keys.stream(bench.partition), "-", "+").elements?.first?
                    .elements?.last?.elements?.last?.bytes)
            #expect(first[1] == 0)
            #expect(try await bench.redis.call("GET", size).integer == Int64(entry.count))
            let bound = Int64(entry.count + 1)
            let reply = try await bench.accept([.init(digest: "b"), .init(digest: "c")], bytes: bound)
            #expect([reply[1], reply[4]] == [0, 5])
            #expect(try await bench.accept([.init(digest: "c")], bytes: bound)[1] == 5)
            _ = try await bench.redis.call("SET", size, "spoilt")
            await #expect(throws: RedisError.self) { try await bench.accept([.init(digest: "d")]) }
        }
    }

    @Test func anEditTellsHowFarItsMessageHasGot() async throws {
        try await bench { bench in
            try await bench.load()
            let made = "2026-01-02T03:04:05.678Z"
            let first = try await bench.accept([.init(digest: "a")])[2]
            func status(_ digest: String, after event: Int64) async throws -> (MessageStatus, Int64) {
                let edit = try await bench.accept([.init(digest: digest, change: "e \(first) \(event) \(made)")])[2]
                let range = try await bench.redis.call("XRANGE", bench.key(":events"), "\(edit)-0", "\(edit)-0")
                let bytes = try #require(range.elements?.first?.elements?.last?.elements?.last?.bytes)
                return (try #require(EventHead(bytes)).status, edit)
            }
            var (told, event) = try await status("b", after: first)
            #expect(told == .sent)
            for user in [bench.sender, bench.other] {
                _ = try await bench.redis.call("HSET", bench.key(":cursors"), "d:\(user)", "\(first)")
            }
            (told, event) = try await status("c", after: event)
            #expect(told == .delivered)
            for user in [bench.sender, bench.other] {
                _ = try await bench.redis.call("HSET", bench.key(":cursors"), "r:\(user)", "\(first)")
            }
            (told, event) = try await status("d", after: event)
            #expect(told == .read)
        }
    }

    @Test func idsRiseOverAnyClock() async throws {
        try await bench { bench in
            try await bench.load()
            let now = WallClock.nowMilliseconds()
            let first = try await bench.accept([.init(digest: "a", random: 4_095)], now: now)
            // The gateway's clock jumps back: the id still rises, by one.
            let second = try await bench.accept([.init(digest: "b")], now: now - 3_600_000)
            #expect(second[2] == first[2] + 1 && second[3] == first[2])
            // Far ahead: Redis' own clock counts.
            let third = try await bench.accept([.init(digest: "c")], now: now + 86_400_000)
            #expect(third[2] > second[2] && third[0] < now + 60_000)
            // The gateway knows of a higher one, which is proof that Redis has lost it.
            let seen = third[2] + 1_000_000_000
            let fourth = try await bench.accept([.init(digest: "d", seen: seen)])
            #expect(fourth[1] == 9 && fourth[2] == seen + 1 && fourth[3] == third[2])
            let fifth = try await bench.accept([.init(digest: "e", seen: EventID.highest.rawValue - 2)])
            #expect(fifth[1] == 9 && fifth[2] == EventID.highest.rawValue - 1)
            #expect(try await bench.accept([.init(digest: "f")]).dropFirst() == [6, 0, 0])
        }
    }

    /// Redis rolls nothing back, so a key of a wrong type has to be found before anything is written.
    @Test func wrongTypesLeaveNoEffect() async throws {
        for suffix in [
            "", ":events", ":members", ":changes", ":cursors", "inbox", "window", "last window", "format",
        ] {
            try await bench { bench in
                try await bench.load()
                let window = WallClock.nowMilliseconds() / 43_200_000
                let key =
                    switch suffix {
                    case "inbox": Keys.inbox(bench.other, bench.partition)
                    case "window": bench.key(":d\(window)")
                    case "last window": bench.key(":d\(window - 1)")
                    case "format": bench.key()
                    default: bench.key(suffix)
                    }
                if suffix == "format" {
                    _ = try await bench.redis.call("HSET", key, "f", "2")
                } else {
                    _ = try await bench.redis.call("SET", key, "wrong")
                }
                let before = try await bench.dump()
                #expect(try await bench.accept([.init(), .init(digest: "b")]).dropFirst() == [7, 0, 0, 7, 0, 0])
                let after = try await bench.dump()
                let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
                #expect(changed.isEmpty, "\(suffix)")
            }
        }
        try await bench { bench in
            try await bench.load()
            _ = try await bench.redis.call("SET", Keys.stream(bench.partition), "wrong")
            let before = try await bench.dump()
            await #expect(throws: RedisError.self) { try await bench.accept([.init()]) }
            #expect(try await bench.dump() == before)
        }
    }

    @Test func aMessageTakesTheExpiryOff() async throws {
        try await bench { bench in
            try await bench.load()
            #expect(try await bench.redis.call("HGET", bench.key(), "ttl").text == "1")
            #expect(try await bench.accept([.init()])[1] == 0)
            #expect(try await bench.redis.call("PTTL", bench.key()).integer == -1)
            #expect(try await bench.redis.call("PTTL", bench.key(":events")).integer == -1)
            #expect(try await bench.redis.call("HEXISTS", bench.key(), "ttl").integer == 0)
        }
    }

    @Test func aTicketIsGoodOnceAndAFenceEndsIt() async throws {
        try await bench { bench in
            func load(_ ticket: String) async throws -> Int64? {
                try await bench.redis.call(RedisScripts.load, keys: [Keys.stream(bench.partition)]) { command in
                    for word in [bench.conversation.description, ticket, "5", "1", "0", "-", "60000"] {
                        command.add(word)
                    }
                    for word in [bench.sender.description, "ADMIN", "0", "0"] { command.add(word) }
                }.integer
            }
            #expect(try await load("t") == 0)
            _ = try await bench.redis.call("SET", bench.key(":ticket"), "t")
            #expect(try await load("other") == 0)
            #expect(try await load("t") == 1)
            #expect(try await load("t") == 0)
            #expect(try await bench.redis.call("HGET", bench.key(), "last").integer == 5)
            // What nobody writes in doesn't stay.
            #expect((try await bench.redis.call("PTTL", bench.key()).integer ?? 0) > 0)
            #expect((try await bench.redis.call("PTTL", bench.key(":members")).integer ?? 0) > 0)
            _ = try await bench.redis.call("SET", bench.key(":ticket"), "t")
            let fence = try await bench.redis.call(RedisScripts.fence, keys: [Keys.stream(bench.partition)]) {
                $0.add(bench.conversation.description)
                $0.add("2")
            }
            #expect(fence.elements?.map(\.integer) == [5, 5])
            #expect(try await bench.redis.call("EXISTS", bench.key(":members")).integer == 0)
            #expect(try await load("t") == 0, "what was read before the change may not be written after it")
        }
    }

    /// The memory of clients' ids goes by itself, whoever numbers the windows how.
    @Test func theMemoryOfClientIdsExpires() async throws {
        try await bench { bench in
            try await bench.load()
            _ = try await bench.accept([.init()])
            let key = try #require(
                try await bench.redis.call("KEYS", bench.key(":d*")).elements?.first?.text)
            let left = try await bench.redis.call("PTTL", key).integer ?? -1
            #expect(left > 0 && left <= 86_400_000)
            _ = try await bench.redis.call("PEXPIRE", key, "50000")
            _ = try await bench.accept([.init(digest: "another")])
            #expect(try await bench.redis.call("PTTL", key).integer ?? 0 <= 50_000)
        }
    }

    /// Without commits, while PostgreSQL is away, nobody else keeps them, and nobody could load them again.
    @Test func whatIsCopiedStaysWhileSomebodyWrites() async throws {
        try await bench { bench in
            try await bench.load()
            _ = try await bench.redis.call("SET", bench.key(":key"), "k")
            let copies = [":members", ":cursors", ":key"].map { bench.key($0) }
            func left() async throws -> [Int64] {
                try await bench.redis.pipeline(copies.map { RedisCommand("PTTL", $0) }).compactMap(\.integer)
            }
            func send(_ digest: String) async throws {
                for key in copies { _ = try await bench.redis.call("PEXPIRE", key, "20000") }
                #expect(try await bench.accept([.init(digest: digest)])[1] == 0)
            }
            try await send("first")
            #expect(try await left().allSatisfy { $0 > 50_000 })
            try await send("soon behind it")
            #expect(try await left().allSatisfy { $0 <= 20_000 }, "expiries are moved seldom")
            _ = try await bench.redis.call("HINCRBY", bench.key(), "renewed", "-\(Self.lifetime / 8)")
            try await send("an eighth later")
            #expect(try await left().allSatisfy { $0 > 50_000 })
        }
    }
}
