internal import Shared

/// Reads the present state of single messages.
///
/// Confined to its loop.
struct MessageReader {
    /// So often somebody may be faster.
    private static let attempts = 8

    private let redis: RedisConnection
    private let postgres: PostgresPool
    private let partitioning: Partitioning
    private let vault: ContentVault?

    init(redis: RedisConnection, postgres: PostgresPool, partitioning: Partitioning, vault: ContentVault?) {
        self.redis = redis
        self.postgres = postgres
        self.partitioning = partitioning
        self.vault = vault
    }

    /// The event that brought a message into its present state; nil where there is no such message.
    func state(of message: EventID, in conversation: UUID) async throws(ReadError) -> Event? {
        guard let event = try await keptState(of: message, in: conversation) else { return nil }
        return try await vault?.open([event], of: conversation).first ?? event
    }

    /// The same as it is kept.
    private func keptState(of message: EventID, in conversation: UUID) async throws(ReadError) -> Event? {
        do {
            if let event = try await cachedState(of: message, in: conversation) { return event }
        } catch {
            throw .redis(error)
        }
        do {
            let row = try await postgres.query(
                """
                select \(StoredMessage.columns) from messages
                where conversation_id = $1 and id = $2 and duplicate_of is null
                """, [.uuid(conversation), .id(message)]
            ).rows.first
            return row.flatMap { StoredMessage($0, conversation)?.event(recipients: []) }
        } catch {
            throw .postgres(error)
        }
    }

    /// The same as far as Redis has it. A message that was changed has its state under the change's id; where somebody changes it
    /// between the two looks, the state is gone, and the next change's is looked for.
    private func cachedState(of message: EventID, in conversation: UUID) async throws(RedisError) -> Event? {
        let partition = partitioning.partition(of: conversation)
        var known: EventID?
        for attempt in 0..<Self.attempts {
            let changed = try await redis.call("HGET", Keys.changes(conversation, partition), message.description)
                .eventID
            guard attempt == 0 || changed != known else { return nil }
            known = changed
            let id = "\(changed ?? message)-0"
            let cached = try await redis.call("XRANGE", Keys.events(conversation, partition), id, id)
            if let event = EventReader.events(in: cached).first, event.messageID == message { return event }
        }
        return nil
    }
}
