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
        of user: UUID, above id: Int64
    ) async throws(RedisError) -> [(conversation: UUID, lastEvent: Int64)] {
        let replies = try await redis.pipeline(
            partitioning.partitions.map {
                RedisCommand("ZRANGEBYSCORE", Keys.inbox(user, $0), "(\(id)", "+inf", "WITHSCORES")
            })
        var found: [(conversation: UUID, lastEvent: Int64)] = []
        for reply in replies {
            let pairs = reply.elements ?? []
            for place in stride(from: 0, to: pairs.count - 1, by: 2) {
                guard let conversation = pairs[place].text.flatMap({ UUID($0) }),
                    let score = pairs[place + 1].text.flatMap({ Double($0) })
                else { continue }
                found.append((conversation, Int64(score)))
            }
        }
        return found.sorted { $0.lastEvent < $1.lastEvent }
    }
}
