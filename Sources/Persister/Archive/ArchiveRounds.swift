internal import Shared

/// Archives, once an hour, conversations in which nobody has written for as long as the operator says; one persister does it
/// for all.
///
/// Confined to its loop.
final class ArchiveRounds {
    /// Milliseconds between two rounds.
    private static let interval: Int64 = 3_600_000
    /// Milliseconds between two batches: what else wants the rows' locks and Redis comes first.
    private static let pause: Int64 = 50
    /// Who dies in the middle is followed by another one after so many milliseconds.
    private static let lease: Int64 = 60_000

    private let age: Int64
    private let postgres: PostgresPool
    private let archiver: Archiver
    private let lease: PostgresLease
    private let log: Logger
    private let archived: Counter
    private let loop: EventLoop
    private var isAtIt = false
    private var isStopping = false

    /// Archives what is idle for so many milliseconds, as the persister `owner`; `archived` counts.
    init(
        age: Int64, owner: String, postgres: PostgresPool, redis: RedisConnection, partitioning: Partitioning,
        log: Logger, archived: Counter, loop: EventLoop
    ) {
        self.age = age
        self.postgres = postgres
        archiver = Archiver(postgres: postgres, redis: redis, partitioning: partitioning)
        lease = PostgresLease("archive", owner: owner, milliseconds: Self.lease)
        self.log = log
        self.archived = archived
        self.loop = loop
    }

    func start() {
        begin()
        loop.scheduleRepeating(every: Self.interval) { [weak self] in
            guard let self, !isStopping else { return false }
            begin()
            return true
        }
    }

    func stop() {
        isStopping = true
    }

    private func begin() {
        guard !isAtIt else { return }
        isAtIt = true
        loop.spawn {
            await self.round()
            self.isAtIt = false
        }
    }

    private func round() async {
        do {
            guard try await lease.take(postgres) else { return }
            let progress = try await archiver.run(idleSince: try await archiver.moment(age: age)) {
                [self] _, count throws(PostgresError) in
                archived.increment(by: count)
                if count > 0 { await loop.sleep(milliseconds: Self.pause) }
                return isStopping ? false : try await lease.take(postgres)
            }
            try await lease.giveBack(postgres)
            if progress.archived > 0 {
                log.info("conversations archived", [.count: .number(progress.archived)])
            }
        } catch {
            log.warning("conversations can't be archived", [.error: .describing(error)])
        }
    }
}
