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

    /// The moment (ms since the Unix epoch) before which something must have been written last to be of such an age (ms), by the
    /// earliest of three clocks: one that is ahead mustn't archive everything.
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

    /// Archives all that were idle since a moment (ms since the Unix epoch), unless a process of an earlier format is there; `goesOn`
    /// is asked after each batch, and told how many it had.
    public func run(
        idleSince moment: Int64, goesOn: (Progress, _ archived: Int) async throws(PostgresError) -> Bool
    ) async throws(Failure) -> Progress {
        var progress = Progress()
        var place: UUID?
        do {
            repeat {
                guard try await DeploymentFormat.oldest(redis) >= Self.format else { return progress }
                let page = try await conversations.page(after: place, idleSince: moment)
                place = page.next
                progress.scanned += page.scanned
                var rest = page.idle[...]
                repeat {
                    let batch = rest.prefix(Self.batchSize)
                    rest = rest.dropFirst(batch.count)
                    let archived = try await archive(try await quiet(batch.map(\.id), since: moment), since: moment)
                    progress.archived += archived.count
                    await takeOut(archived)
                    guard try await goesOn(progress, archived.count) else { return progress }
                } while !rest.isEmpty
            } while place != nil
        } catch let error as PostgresError {
            throw .postgres(error)
        } catch let error as RedisError {
            throw .redis(error)
        } catch {
            throw .redis(.unexpectedReply("\(error)"))
        }
        return progress
    }

    /// Those of which Redis has nothing newer either. One whose key is damaged is left as it is.
    private func quiet(_ ids: [UUID], since moment: Int64) async throws(RedisError) -> [UUID] {
        let commands = ids.map { id in
            RedisCommand("HGET", Keys.conversation(id, partitioning.partition(of: id)), "last")
        }
        var quiet: [UUID] = []
        for (id, result) in zip(ids, await redis.results(of: commands)) {
            switch result {
            case .success(.null): quiet.append(id)
            case .success(let last): if let last = last.eventID, last.milliseconds < moment { quiet.append(id) }
            case .failure(.refused): continue
            case .failure(let error): throw error
            }
        }
        return quiet
    }

    /// Returns those that were archived: not who is being changed at this moment, nor in which somebody has just written.
    private func archive(_ ids: [UUID], since moment: Int64) async throws(PostgresError) -> [UUID] {
        guard !ids.isEmpty else { return [] }
        return try await postgres.transaction { connection throws(PostgresError) in
            let rows = try await connection.query(
                """
                update conversations c
                set archived_at = now(), archived_by_age_at = now(), version = nextval('conversation_versions')
                from (
                    select id from conversations where id = any($1) and archived_at is null
                    order by id for no key update skip locked) as idle
                where c.id = idle.id and \(PostgresTimeline.isRecovered)
                returning c.id, c.version, c.direct_low, c.direct_high
                """, [.uuids(ids)]
            ).rows
            let versions = rows.compactMap { row in row.uuid(0).flatMap { id in row.integer(1).map { (id, $0) } } }
            let lasts = try await ConversationFence.close(versions, redis, partitioning)
            let isNewer = lasts.map { $0.milliseconds >= moment }
            let kept = zip(versions, isNewer).filter(\.1).map(\.0.0)
            if !kept.isEmpty {
                _ = try await connection.query(
                    "update conversations set archived_at = null where id = any($1)", [.uuids(kept)])
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
    /// A condition on a row of `conversations`: its next message takes it out of the archive.
    public static let opensByUse = "coalesce(type = 'DIRECT' and archived_by_age_at = archived_at, false)"

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
