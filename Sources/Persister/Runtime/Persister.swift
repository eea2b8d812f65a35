internal import Shared

/// The persister: moves accepted events from Redis' streams into PostgreSQL.
///
/// Nothing leaves Redis before PostgreSQL has committed it, and a crash anywhere repeats entries, which the upsert
/// makes harmless. Confined to its loop.
final class Persister {
    /// Milliseconds between two tries while something is away.
    static let pause: Int64 = 200
    static let longestPause: Int64 = 5_000
    /// After so many failures in a row the partitions are left to the other persisters.
    static let patience = 3

    let config: PersisterConfig
    let loop: EventLoop
    let log: Logger
    let metrics: PersisterMetrics
    let redis: RedisConnection
    private let reading: RedisConnection
    private let postgres: PostgresPool
    let leases: LeaseKeeper
    let origins: OriginWatch
    private let reader: StreamReader
    let writer: MessageWriter
    private let archiving: ArchiveRounds?
    let partitions: [Partition]
    let positionStore: PositionStore
    var positions = StoredPositions()
    var window: ReplayWindow
    /// When the positions are compared again though nothing is written, and when old entries are dropped.
    var nextLook: Int64 = 0
    /// PostgreSQL didn't answer: it isn't asked again before this moment.
    var nextQuestion: Int64 = 0
    var nextTrim: Int64 = 0
    private(set) var isReady = false
    /// Whether PostgreSQL took the last batch.
    var isWriting = true
    /// How often in a row PostgreSQL has failed.
    var failures = 0
    /// When the oldest entry was accepted that PostgreSQL didn't take, in milliseconds since the Unix epoch.
    var oldestRefused: Int64?
    /// Partitions about which Redis refused something when they were last committed.
    var refused: Set<Int> = []
    var isStopping = false
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
        metrics.registry.observe(redis, as: "main")
        metrics.registry.observe(postgres, as: "writing")
        let partitioning = Partitioning(count: common.partitions)
        partitions = partitioning.partitions
        leases = LeaseKeeper(
            id: id, redis: redis, partitions: partitions,
            lifetime: config.lease, log: log, metrics: metrics.partitions, loop: loop)
        origins = OriginWatch(reading: reading, commanding: redis, log: log)
        reader = StreamReader(reading, rows: config.batchRows)
        positionStore = PositionStore(postgres)
        window = ReplayWindow(wanted: config.replayKeep)
        writer = MessageWriter(postgres, statements: metrics.statements)
        archiving = config.archiveAfter.map { [postgres, redis, log] age in
            ArchiveRounds(
                age: age, owner: id, postgres: postgres, redis: redis, partitioning: partitioning, log: log,
                archived: metrics.archived, loop: loop)
        }
        loop.atEndOfTurn(.log) { [log] in log.flush() }
    }

    /// Starts; `failed` is called where the stores belong to another set-up.
    func start(failed: @escaping (String) -> Void) {
        redis.start()
        reading.start()
        loop.spawn { await self.run(failed) }
    }

    /// Finishes the batch under way, gives the partitions back, and calls `done`; at the latest after the shutdown
    /// timeout, and then others have to wait for the leases' end.
    func stop(_ done: @escaping () -> Void) {
        isStopping = true
        archiving?.stop()
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
        archiving?.start()
        isReady = true
        log.info("persister running")
        var pause = Self.pause
        while !isStopping {
            do throws(RedisError) {
                let hasRead = try await step()
                if pause != Self.pause { log.info("streams are read again") }
                pause = Self.pause
                if !hasRead { await loop.sleep(milliseconds: 50) }
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
        let watch = StoreWatch(log, on: loop)
        defer { watch.end() }
        while !isStopping {
            do {
                watch.asksRedis()
                try redis.requireReady()
                try await StoreFormat.check(partitions: common.partitions, redis: redis)
                try await StoreFormat.check(dedupeWindow: common.dedupeWindow, redis: redis)
                watch.asksDatabase()
                try await common.migrate ? Migrator.migrate(postgres) : Migrator.check(postgres)
                try await StoreFormat.check(partitions: common.partitions, postgres: postgres)
                watch.asksRedis()
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
                watch.failed(error)
                await loop.sleep(milliseconds: Self.pause)
            }
        }
        for done in stopped { done() }
        return false
    }

    /// Reads what is there, and writes it; false where nothing can be read at present.
    private func step() async throws(RedisError) -> Bool {
        guard !leases.isAway else {
            await waitForPostgres()
            return true
        }
        guard reading.isReady, redis.isReady, let origin = try await origins.current() else { return false }
        let found = leases.usable
        metrics.paused.set(leases.paused)
        try await trimStreams(found)
        try await comparePositions(found, origin)
        let unknown = Set(positions.unknown(found).map(\.partition.number))
        let owned = leases.usable.filter { !unknown.contains($0.partition.number) && positions.isKnown($0) }
        guard !owned.isEmpty, origins.isPresent(origin) else { return false }
        let entries = try await reader.read(owned)
        if entries.isEmpty { metrics.lag.set(0) }
        try await persist(entries, owned, origin)
        return true
    }

    /// Other persisters have the partitions for as long as PostgreSQL can't be reached from here.
    private func waitForPostgres() async {
        await loop.sleep(milliseconds: 5 * Self.pause)
        if let oldestRefused { showLag(since: oldestRefused) }
        guard !isStopping, (try? await postgres.query("select 1")) != nil else { return }
        log.info("PostgreSQL can be reached again")
        failures = 0
        metrics.lag.set(0)
        leases.comeBack()
    }
}
