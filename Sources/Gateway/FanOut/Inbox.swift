internal import Shared

/// Which DIRECT conversations of a user have something new, as the accept script notes it in his inbox sets.
///
/// Confined to its loop.
struct Inbox {
    private let redis: RedisConnection
    private let partitioning: Partitioning

    init(redis: RedisConnection, partitioning: Partitioning) {
        self.redis = redis
        self.partitioning = partitioning
    }

    /// Conversations whose last event is above an id, with that event; the longest quiet first.
    func conversations(
        of user: UUID, above id: EventID
    ) async throws(RedisError) -> [(conversation: UUID, lastEvent: EventID)] {
        let replies = try await redis.pipeline(
            partitioning.partitions.map {
                RedisCommand("ZRANGEBYSCORE", Keys.inbox(user, $0), "(\(id)", "+inf", "WITHSCORES")
            })
        var found: [(conversation: UUID, lastEvent: EventID)] = []
        for reply in replies {
            let pairs = reply.elements ?? []
            for place in stride(from: 0, to: pairs.count - 1, by: 2) {
                guard let conversation = pairs[place].text.flatMap({ UUID($0) }),
                    let event = Self.event(pairs[place + 1])
                else { continue }
                found.append((conversation, event))
            }
        }
        return found.sorted { $0.lastEvent < $1.lastEvent }
    }

    /// A score, which Redis writes as the shortest text of a Double; nil where it is no id.
    private static func event(_ score: RedisReply) -> EventID? {
        score.text.flatMap { Double($0) }.flatMap { Int64(exactly: $0) }.flatMap { EventID(rawValue: $0) }
    }
}
