/// Archives conversations in which nobody has written for a while.
///
/// They become read-only as if an ADMIN had archived them, behind the same fence, but no SYSTEM message says so: nobody is there
/// to read it. Who has the conversation open gets the notice. It can end between any two steps and begin again. Confined to its
/// loop.
public struct Archiver {
    /// How far it has got.
    public struct Progress: Sendable, Equatable {
        /// Conversations that were looked at.
        public var scanned = 0
        /// Conversations that were archived.
        public var archived = 0
    }

    /// Why it can't go on.
    public enum Failure: Error, Equatable, CustomStringConvertible {
        /// Redis can't be asked.
        case redis(RedisError)
        /// PostgreSQL can't be asked.
        case postgres(PostgresError)

        /// A sentence for the operator.
        public var description: String {
            switch self {
            case .redis(let error): error.description
            case .postgres(let error): error.description
            }
        }
    }

    /// The deployment's format from which on gateways know that a conversation was archived for its age.
    public static let format: Int64 = 3
    /// So many are archived in one transaction: their rows are locked for as long.
    static let batchSize = 100

    private let postgres: PostgresPool
    private let redis: RedisConnection
    private let partitioning: Partitioning
    private let conversations: IdleConversations

    /// Works on these stores.
    public init(postgres: PostgresPool, redis: RedisConnection, partitioning: Partitioning) {
        self.postgres = postgres
        self.redis = redis
        self.partitioning = partitioning
        conversations = IdleConversations(postgres)
    }

    /// The moment (ms since the Unix epoch) before which something must have been written last to be of such an age (ms). One clock
    /// that is ahead mustn't archive everything: the latest of three counts as wrong.
    public func moment(age: Int64) async throws(Failure) -> Int64 {
        let time: [RedisReply]
        do throws(RedisError) {
            time = try await redis.call("TIME").elements ?? []
        } catch {
            throw .redis(error)
        }
        let stored: Int64?
        do throws(PostgresError) {
            stored = try await postgres.query("select clock_timestamp()").rows.first?.milliseconds(0)
        } catch {
            throw .postgres(error)
        }
        guard let seconds = time.first?.integer else { throw .redis(.unexpectedReply("TIME")) }
        guard let stored else { throw .postgres(.unexpectedReply("no time")) }
        return min(WallClock.nowMilliseconds(), seconds * 1_000, stored) - age
    }

    /// Archives all that were idle since a moment (ms since the Unix epoch); `goesOn` is asked after each batch.
    public func run(
        idleSince moment: Int64, goesOn: (Progress) async throws(PostgresError) -> Bool
    ) async throws(Failure) -> Progress {
        var progress = Progress()
        var place: UUID?
        do throws(PostgresError) {
            repeat {
                let page = try await conversations.page(after: place, idleSince: moment)
                place = page.next
                progress.scanned += page.scanned
                var rest = page.idle[...]
                repeat {
                    let batch = rest.prefix(Self.batchSize)
                    rest = rest.dropFirst(batch.count)
                    let archived = batch.isEmpty ? [] : try await archive(batch.map(\.id), idleSince: moment)
                    progress.archived += archived.count
                    await takeOut(archived)
                    guard try await goesOn(progress) else { return progress }
                } while !rest.isEmpty
            } while place != nil
        } catch {
            throw .postgres(error)
        }
        return progress
    }

    /// Returns those that were archived: not who is being changed at this moment, nor whom Redis has something newer of.
    private func archive(_ ids: [UUID], idleSince moment: Int64) async throws(PostgresError) -> [UUID] {
        try await postgres.transaction { connection throws(PostgresError) in
            let rows = try await connection.query(
                """
                update conversations c
                set archived_at = now(), is_archived_by_age = true, version = nextval('conversation_versions')
                from (
                    select id from conversations where id = any($1) and archived_at is null
                    order by id for no key update skip locked) as idle
                where c.id = idle.id and \(PostgresTimeline.isKnown)
                returning c.id, c.version, c.direct_low, c.direct_high
                """, [.uuids(ids)]
            ).rows
            let versions = rows.compactMap { row in row.uuid(0).flatMap { id in row.integer(1).map { (id, $0) } } }
            let lasts = try await ConversationFence.close(versions, redis, partitioning)
            let isNewer = lasts.map { $0.milliseconds >= moment }
            let kept = zip(versions, isNewer).filter(\.1).map(\.0.0)
            if !kept.isEmpty {
                _ = try await connection.query(
                    "update conversations set archived_at = null, is_archived_by_age = false where id = any($1)",
                    [.uuids(kept)])
            }
            let archived = zip(rows, isNewer).filter { !$0.1 }.map(\.0)
            let heard = try await heard(archived)
            if !heard.isEmpty {
                _ = try await connection.query(
                    """
                    insert into announcements (conversation_id, version, event, actor, created_at)
                    select id, version, $2, created_by, now() - interval '1 minute' from conversations where id = any($1)
                    """, [.uuids(heard), .text(Self.event)])
            }
            return archived.compactMap { $0.uuid(0) }
        }
    }

    /// The announcement's event.
    public static let event = "archived-by-age"

    /// Those of which somebody hears who is connected: a group's members by its channel, the two of a DIRECT conversation by theirs.
    private func heard(_ rows: [PostgresRow]) async throws(PostgresError) -> [UUID] {
        guard !rows.isEmpty else { return [] }
        var channels: [(conversation: UUID, name: String)] = []
        for row in rows {
            guard let id = row.uuid(0) else { continue }
            channels.append((id, Keys.channel(id, partitioning.partition(of: id))))
            for user in [row.uuid(2), row.uuid(3)].compactMap(\.self) { channels.append((id, Keys.userChannel(user))) }
        }
        var command = RedisCommand("PUBSUB", "NUMSUB")
        for channel in channels { command.add(channel.name) }
        guard let counts = try? await redis.call(command).elements, counts.count == 2 * channels.count else {
            throw .notConnected
        }
        let listened = channels.indices.filter { counts[2 * $0 + 1].integer ?? 0 > 0 }
        return Array(Set(listened.map { channels[$0].conversation }))
    }

    /// What Redis keeps of them would expire by itself.
    private func takeOut(_ ids: [UUID]) async {
        _ = await redis.results(
            of: RedisScripts.retire,
            ids.map { id in
                var command = RedisScripts.retire.command(keys: [Keys.stream(partitioning.partition(of: id))])
                command.add(id.description)
                return command
            })
    }
}
