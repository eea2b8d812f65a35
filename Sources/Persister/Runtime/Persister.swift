internal import Shared

/// The persister: moves accepted events from Redis' streams into PostgreSQL.
///
/// Nothing leaves Redis before PostgreSQL has committed it, and a crash anywhere repeats entries, which the upsert makes
/// harmless. Confined to its loop.
final class Persister {
    /// Milliseconds between two tries while something is away.
    private static let pause: Int64 = 200
    private static let longestPause: Int64 = 5_000

    private let config: PersisterConfig
    private let loop: EventLoop
    private let log: Logger
    private let metrics: PersisterMetrics
    private let redis: RedisConnection
    private let reading: RedisConnection
    private let postgres: PostgresPool
    private let leases: LeaseKeeper
    private let reader: StreamReader
    private let writer: MessageWriter
    private(set) var isReady = false
    /// Whether PostgreSQL took the last batch.
    private var isWriting = true
    private var isStopping = false
    private var stopped: [() -> Void] = []

    init(
        _ config: PersisterConfig, id: String, endpoint: RedisEndpoint, metrics: PersisterMetrics, loop: EventLoop
    ) throws(PostgresError) {
        self.config = config
        self.metrics = metrics
        self.loop = loop
        let common = config.common
        log = Logger(level: common.logLevel, format: common.logFormat, base: [(.node, .string(id))])
        let name = "parley-\(id)"
        redis = RedisConnection(endpoint, name: name, timeout: common.redisTimeout, on: loop)
        // A read blocks for a while by itself.
        reading = RedisConnection(endpoint, name: name + "-read", timeout: common.redisTimeout + 1_000, on: loop)
        postgres = try PostgresPool(
            url: common.databaseURL, name: name, size: 2, timeout: common.databaseTimeout, on: loop)
        leases = LeaseKeeper(
            id: id, redis: redis, partitions: Partitioning(count: common.partitions).partitions,
            lifetime: config.lease, log: log, metrics: metrics.partitions, loop: loop)
        reader = StreamReader(reading, limit: config.batchRows)
        writer = MessageWriter(postgres)
        loop.atEndOfTurn(.log) { [log] in log.flush() }
    }

    /// Starts; `failed` is called where the stores belong to another set-up.
    func start(failed: @escaping (String) -> Void) {
        redis.start()
        reading.start()
        loop.spawn { await self.run(failed) }
    }

    /// Finishes the batch under way, gives the partitions back, and calls `done`; at the latest after the shutdown timeout,
    /// and then others have to wait for the leases' end.
    func stop(_ done: @escaping () -> Void) {
        isStopping = true
        stopped.append(done)
        loop.schedule(after: config.shutdownTimeout) { [self] in
            log.warning("persister leaves without finishing")
            log.flush()
            done()
        }
    }

    private func run(_ failed: (String) -> Void) async {
        log.info("persister starting", [.version: .string(Version.current)])
        guard await prepareStores(failed) else { return }
        leases.start()
        reading.onReady { [leases] in leases.doubtAll() }
        isReady = true
        log.info("persister running")
        var pause = Self.pause
        while !isStopping {
            let owned = leases.usable
            guard !owned.isEmpty, reading.isReady else {
                await loop.sleep(milliseconds: 50)
                continue
            }
            do throws(RedisError) {
                let entries = try await reader.read(owned)
                if entries.isEmpty { metrics.lag.set(0) }
                try await persist(entries, owned)
                if pause != Self.pause { log.info("streams are read again") }
                pause = Self.pause
            } catch {
                if pause == Self.pause { log.warning("streams can't be read", [.error: .describing(error)]) }
                await loop.sleep(milliseconds: pause)
                pause = min(2 * pause, Self.longestPause)
            }
        }
        await leases.stop()
        isReady = false
        postgres.stop()
        log.info("persister stopped")
        log.flush()
        for done in stopped { done() }
    }

    private func prepareStores(_ failed: (String) -> Void) async -> Bool {
        let common = config.common
        var attempt = 0
        while !isStopping {
            attempt += 1
            do {
                try redis.requireReady()
                try await StoreFormat.check(partitions: common.partitions, redis: redis)
                try await common.migrate ? Migrator.migrate(postgres) : Migrator.check(postgres)
                try await StoreFormat.check(partitions: common.partitions, postgres: postgres)
                try await RedisDurability.watch(redis, on: loop) { [log] problems in
                    for problem in problems {
                        log.warning("durability is weaker than promised", [.reason: .string(problem)])
                    }
                }
                return true
            } catch let error as StoreFormatError where error.isMismatch {
                log.error("the stores belong to another set-up", [.error: .describing(error)])
                log.flush()
                failed(error.description)
                return false
            } catch let error as MigrationError where error.isIncompatible {
                log.error("the tables are too new", [.error: .describing(error)])
                log.flush()
                failed(error.description)
                return false
            } catch {
                if attempt % 50 == 10 {
                    log.warning("waiting for the stores", [.error: .describing(error), .attempt: .number(attempt)])
                }
                await loop.sleep(milliseconds: Self.pause)
            }
        }
        for done in stopped { done() }
        return false
    }

    /// Writes entries in batches, each until PostgreSQL has it, and notes each in Redis.
    private func persist(_ entries: [Entry], _ owned: [Lease]) async throws(RedisError) {
        var tokens: [Int: Lease] = [:]
        for lease in owned { tokens[lease.partition.number] = lease }
        for start in stride(from: 0, to: entries.count, by: config.batchRows) where !isStopping {
            let slice = entries[start..<min(start + config.batchRows, entries.count)]
            // What another persister owns by now is his to write.
            let mine = slice.filter { entry in tokens[entry.partition.number].map { leases.holds($0) } ?? false }
            guard !mine.isEmpty, try await write(mine, tokens) else { return }
        }
    }

    /// True once PostgreSQL and Redis have it; false where it isn't this persister's any more.
    private func write(_ entries: [Entry], _ tokens: [Int: Lease]) async throws(RedisError) -> Bool {
        let batch = Batch(entries)
        var deadLetters = batch.unreadable.map { DeadLetter(entry: $0, reason: "it can't be read") }
        let started = loop.now
        var pause = Self.pause
        while true {
            do throws(PostgresError) {
                deadLetters += try await writer.write(batch.items)
                break
            } catch {
                metrics.retries.increment()
                showLag(entries)
                if isWriting { log.warning("PostgreSQL doesn't take messages", [.error: .describing(error)]) }
                isWriting = false
                await loop.sleep(milliseconds: pause)
                pause = min(2 * pause, Self.longestPause)
                let isMine = entries.contains { tokens[$0.partition.number].map { leases.holds($0) } ?? false }
                guard !isStopping, isMine else { return false }
            }
        }
        if !isWriting { log.info("PostgreSQL takes messages again") }
        isWriting = true
        metrics.commitLatency.observe(milliseconds: loop.now - started)
        metrics.batches.increment()
        metrics.entries.increment(by: entries.count)
        showLag(entries)
        for letter in deadLetters {
            metrics.deadLetters.increment()
            log.error(
                "dead letter",
                [
                    .partition: .number(letter.entry.partition.number), .entry: .string(letter.entry.id.description),
                    .reason: .string(letter.reason),
                ])
        }
        let commits = Commit.all(
            of: entries, batch.items, deadLetters, window: config.common.dedupeWindow)
        try await note(commits, tokens)
        return true
    }

    /// Redis' clock and this one may differ: a lag below zero is none.
    private func showLag(_ entries: [Entry]) {
        guard let oldest = entries.map(\.id.milliseconds).min() else { return }
        metrics.lag.set(Int(max(0, WallClock.nowMilliseconds() - Int64(clamping: oldest))))
    }

    private func note(_ commits: [Commit], _ tokens: [Int: Lease]) async throws(RedisError) {
        let common = config.common
        let commands = commits.compactMap { commit -> RedisCommand? in
            guard let lease = tokens[commit.partition.number] else { return nil }
            var command = RedisScripts.commit.command(keys: [Keys.stream(commit.partition)])
            command.add(lease.token)
            command.add(commit.cursor.description)
            commit.addArguments(
                to: &command, stateTTL: common.stateTTL, window: common.dedupeWindow, cacheEvents: common.cacheEvents)
            return command
        }
        do throws(RedisError) {
            let replies: [RedisReply]
            do throws(RedisError) {
                replies = try await redis.pipeline(commands)
            } catch {
                guard error.code == "NOSCRIPT" else { throw error }
                _ = try await redis.call(RedisScripts.commit.loadCommand)
                replies = try await redis.pipeline(commands)
            }
            for (commit, reply) in zip(commits, replies) {
                if reply.integer == 1 {
                    leases.moved(commit.partition.number, to: commit.cursor)
                } else {
                    leases.drop(commit.partition.number)
                }
            }
        } catch {
            // Whether the cursors moved is unknown: they are read again with the next lease, and what is repeated is
            // recognised.
            for commit in commits { leases.doubt(commit.partition.number) }
            throw error
        }
    }
}
