import Shared
import Testing

@testable import Gateway

/// A group with events of 60 KB; each is in Redis or in PostgreSQL.
struct LargeConversation {
    static let content = String(repeating: "x", count: 60_000)

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

    /// Messages in PostgreSQL.
    func store(_ ids: ClosedRange<Int64>, content: String = content) async throws {
        _ = try await postgres.query(
            """
            insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type,
                message_type, content, client_message_id, created_at)
            select $1, id, id, id - 1, $2, 'USER', 'TEXT', $3, id::text, now() from generate_series($4, $5) as id
            """,
            [
                .uuid(conversation), .uuid(user), .text(content), .integer(ids.lowerBound), .integer(ids.upperBound),
            ])
    }

    /// Messages in Redis, which has nothing below them.
    func keep(_ ids: ClosedRange<Int64>) async throws {
        for id in ids { try await add("m", id, message: id) }
        _ = try await redis.call(
            "HSET", key, "f", "1", "last", "\(ids.upperBound)", "floor", "\(ids.lowerBound - 1)")
    }

    /// Edits in Redis of as many messages, by events from `event` on.
    func edit(_ messages: ClosedRange<Int64>, from event: Int64) async throws {
        for (id, message) in zip(event..., messages) {
            try await add("e", id, message: message)
            _ = try await redis.call("XDEL", key + ":events", "\(message)-0")
            _ = try await redis.call("HSET", key + ":changes", "\(message)", "\(id)")
        }
    }

    private func add(_ kind: String, _ id: Int64, message: Int64) async throws {
        let entry = """
            1 \(kind) \(id) \(id - 1) 1 \(conversation) -
            {"id":\(message),"senderId":"\(user)","content":"\(Self.content)"}
            """
        _ = try await redis.call("XADD", key + ":events", "\(id)-0", "e", entry)
    }
}

func withLargeConversation(_ body: @escaping @Sendable (LargeConversation) async throws -> Void) async throws {
    try await onLoop { loop in
        try await withRedis(loop) { redis, _ in
            try await withDatabase(loop) { _, pool in try await body(try await LargeConversation(redis, pool)) }
        }
    }
}
