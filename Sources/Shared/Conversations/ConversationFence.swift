/// What every change of a conversation's members or archive does before it is committed.
public enum ConversationFence {
    /// Gives the conversation a version that no other change has had, one that was rolled back behind its fence included: nodes
    /// that know a version don't look at their subscribers again. Throws where PostgreSQL may have lost versions that were given
    /// and nobody has looked yet; the change must not be made then.
    public static func raiseVersion(
        _ id: UUID, _ connection: PostgresConnection
    ) async throws(PostgresError) -> Int64 {
        let raised = try await connection.query(
            """
            update conversations set version = nextval('conversation_versions') where id = $1
            returning version, \(PostgresTimeline.isKnown)
            """, [.uuid(id)])
        guard let row = raised.rows.first, let version = row.integer(0) else {
            throw .unexpectedReply("the conversation is gone")
        }
        guard row.bool(1) == true else { throw .unexpectedReply("PostgreSQL's timeline is another one") }
        return version
    }

    /// Cuts off what Redis knows of the members, and tells all nodes. Without it the change must not be committed: nodes would go
    /// on with the members that they know. Returns the conversation's last event, 0 where Redis knows none.
    public static func close(
        _ id: UUID, _ version: Int64, _ redis: RedisConnection, _ partitioning: Partitioning
    ) async throws(PostgresError) -> EventID {
        try await close([(id, version)], redis, partitioning)[0]
    }

    /// The same of several, at once.
    public static func close(
        _ versions: [(conversation: UUID, version: Int64)], _ redis: RedisConnection, _ partitioning: Partitioning
    ) async throws(PostgresError) -> [EventID] {
        let commands = versions.map { id, version in
            var command = RedisScripts.fence.command(keys: [Keys.stream(partitioning.partition(of: id))])
            command.add(id.description)
            command.add(version)
            return command
        }
        var lasts: [EventID] = []
        for result in await redis.results(of: RedisScripts.fence, commands) {
            guard let last = try? result.get().elements?.first?.eventID else { throw .notConnected }
            lasts.append(last)
        }
        return lasts
    }
}
