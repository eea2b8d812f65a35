import Shared
import Testing

/// The scripts of the cursors against a real Redis.
@Suite(.serialized) struct CursorScriptTests {
    private struct Bench {
        let redis: RedisConnection
        let partition = Partitioning(count: 1).partitions[0]
        let conversation = UUID.random()
        let users: [UUID]

        init(_ redis: RedisConnection, members: Int) {
            self.redis = redis
            users = (0..<members).map { _ in UUID.random() }.sorted()
        }

        var key: String { Keys.conversation(conversation, partition) }

        func load(last: Int64, direct: Bool) async throws {
            _ = try await redis.call("SET", key + ":ticket", "t")
            let reply = try await redis.call(RedisScripts.load, keys: [Keys.stream(partition)]) { command in
                command.add(conversation.description)
                for word in ["t", String(last), "7", "0"] { command.add(word) }
                command.add(direct ? users.map(\.description).joined(separator: ",") : "-")
                command.add("60000")
                for user in users { for word in [user.description, "MEMBER", "0", "0"] { command.add(word) } }
            }
            #expect(reply.integer == 1)
        }

        /// A code, delivered and read for each move.
        func move(_ moves: [(user: UUID, delivered: Int64, read: Int64)], byChannel: Bool = true) async throws
            -> [Int64]
        {
            let reply = try await redis.call(RedisScripts.cursor, keys: [Keys.stream(partition)]) { command in
                command.add("50")
                command.add(byChannel ? "1" : "0")
                for move in moves {
                    command.add(conversation.description)
                    command.add(move.user.description)
                    command.add(move.delivered)
                    command.add(move.read)
                }
            }
            return reply.elements?.compactMap(\.integer) ?? []
        }
    }

    /// What is published while `body` runs, by channel.
    private func published(
        _ loop: EventLoop, _ endpoint: RedisEndpoint, _ channels: [String], _ body: () async throws -> Void
    ) async throws -> [(channel: String, payload: String)] {
        let subscriber = RedisSubscriber(endpoint, name: "test", timeout: 10_000, on: loop)
        var confirmed = 0
        var messages: [(channel: String, payload: String)] = []
        subscriber.onSubscribed = { _ in confirmed += 1 }
        subscriber.onMessage = { channel, payload in
            messages.append((String(decoding: channel, as: UTF8.self), String(decoding: payload, as: UTF8.self)))
        }
        for channel in channels + ["end"] { subscriber.subscribe(channel) }
        subscriber.start()
        defer { subscriber.stop() }
        #expect(try await eventually(loop) { confirmed == channels.count + 1 })
        try await body()
        // On one connection channels keep their order.
        let redis = RedisConnection(endpoint, name: "test", timeout: 10_000, on: loop)
        redis.start()
        defer { redis.stop() }
        await redis.waitUntilReady()
        _ = try await redis.call("PUBLISH", "end", "")
        #expect(try await eventually(loop) { messages.last?.channel == "end" })
        return messages.dropLast()
    }

    @Test func movesGoForwardAndNotBeyondTheLast() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                let bench = Bench(redis, members: 2)
                let user = bench.users[0]
                #expect(try await bench.move([(user, 1, 1)]) == [2, 0, 0], "it isn't loaded")
                try await bench.load(last: 100, direct: true)
                #expect(
                    try await bench.move([(user, 40, 0), (user, 30, 30), (user, 20, 20), (user, 500, 0)])
                        == [0, 40, 0, 0, 40, 30, 1, 40, 30, 0, 100, 30])
                #expect(try await bench.move([(.random(), 1, 1)]) == [3, 0, 0])
            }
        }
    }

    /// One message to a group of 50 made 49 scripts and 2,401 publishes.
    @Test func aGroupHearsOfAllMovesAtOnce() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let bench = Bench(redis, members: 50)
                try await bench.load(last: 100, direct: false)
                let channels =
                    bench.users.map { Keys.userChannel($0) } + [Keys.channel(bench.conversation, bench.partition)]
                let messages = try await published(loop, endpoint, channels) {
                    let codes = try await bench.move(bench.users.dropFirst().map { ($0, 7, 0) })
                    #expect(codes.count == 49 * 3)
                }
                #expect(messages.map(\.channel) == [Keys.channel(bench.conversation, bench.partition)])
                let lines = messages.first?.payload.split(separator: "\n") ?? []
                #expect(lines.first == "1 R \(bench.conversation)")
                #expect(lines.dropFirst().map(String.init) == bench.users.dropFirst().map { "\($0) 7 0 0 0" })
            }
        }
    }

    /// A node of the first release hears on its users' own channels alone.
    @Test func besideAnOlderNodeMembersAreToldByTheirOwnChannels() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let bench = Bench(redis, members: 3)
                try await bench.load(last: 100, direct: false)
                let channels =
                    bench.users.map { Keys.userChannel($0) } + [Keys.channel(bench.conversation, bench.partition)]
                let messages = try await published(loop, endpoint, channels) {
                    _ = try await bench.move([(bench.users[0], 7, 0)], byChannel: false)
                }
                #expect(Set(messages.map(\.channel)) == Set(bench.users.dropFirst().map { Keys.userChannel($0) }))
                #expect(messages.allSatisfy { $0.payload.hasPrefix("1 r\n{") })
            }
        }
    }

    @Test func theOtherOfTwoAndTheUsersOwnDevicesAreTold() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                let bench = Bench(redis, members: 2)
                try await bench.load(last: 100, direct: true)
                let channels =
                    bench.users.map { Keys.userChannel($0) } + [Keys.channel(bench.conversation, bench.partition)]
                let messages = try await published(loop, endpoint, channels) {
                    _ = try await bench.move([(bench.users[0], 0, 7)])
                }
                #expect(messages.map(\.channel) == bench.users.map { Keys.userChannel($0) })
                #expect(messages.first?.payload.hasPrefix("1 c\n") == true)
                #expect(messages.last?.payload.hasPrefix("1 r\n") == true)
            }
        }
    }

    /// Nobody is told in a larger group, and nobody reads its 2,001 fields.
    @Test func aLargeGroupIsQuietAndNotRead() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, endpoint in
                for (members, isRead) in [(50, true), (51, false)] {
                    let bench = Bench(redis, members: members)
                    try await bench.load(last: 100, direct: false)
                    let channels =
                        bench.users.map { Keys.userChannel($0) }
                        + [Keys.channel(bench.conversation, bench.partition)]
                    let messages = try await published(loop, endpoint, channels) {
                        let moved = try await bench.move([(bench.users[0], 7, 0)])
                        #expect(moved == [0, 7, 0])
                    }
                    #expect(messages.count == (isRead ? 1 : 0))
                    let key = Keys.cursors(bench.conversation, bench.partition)
                    let reply = try await redis.call(RedisScripts.cursors, keys: [key]) { $0.add("50") }
                    #expect(reply.elements?.count == (isRead ? 2 * (2 * members + 1) : 0))
                }
            }
        }
    }
}
