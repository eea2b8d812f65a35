/// Facts that end the life of tokens and sessions, dated by Redis' own clock.
public enum Revocation {
    /// Ended sessions are forgotten after so many seconds: all nodes have seen it by then.
    private static let kickMemory: Int64 = 3_600

    /// Revokes everything that a user has got up to now.
    public static func revoke(user: UUID, _ redis: RedisConnection) async throws(RedisError) {
        try await note(Keys.revocations, "u:\(user)", redis)
    }

    /// Revokes one token by its `jti`.
    public static func revoke(tokenID: String, _ redis: RedisConnection) async throws(RedisError) {
        try await note(Keys.revocations, "j:\(tokenID)", redis)
    }

    /// Ends a session.
    public static func kick(session id: String, _ redis: RedisConnection) async throws(RedisError) {
        let now = try await note(Keys.kicks, id, redis)
        _ = try await redis.call("ZREMRANGEBYSCORE", Keys.kicks, "-inf", String(now - kickMemory))
    }

    @discardableResult
    private static func note(
        _ key: String, _ member: String, _ redis: RedisConnection
    ) async throws(RedisError) -> Int64 {
        guard let now = try await redis.call("TIME").elements?.first?.integer else { throw .unexpectedReply("TIME") }
        _ = try await redis.call(.housekeeping("ZADD", key, String(now), member))
        return now
    }
}
