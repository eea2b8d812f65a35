internal import Shared

/// A partition that this persister owns for now.
struct Lease {
    let partition: Partition
    /// Proves the ownership to Redis; another one for each time.
    let token: String
    /// Up to where the partition's stream is committed.
    var cursor: StreamID
    /// Until when the ownership is sure, in monotonic milliseconds.
    var validUntil: Int64
}

/// Keeps this persister's share of the partitions: each has one owner at a time, and whoever is alive gets as many as the
/// others.
///
/// Confined to its loop.
final class LeaseKeeper {
    private let id: String
    private let redis: RedisConnection
    private let partitions: [Partition]
    private let lifetime: Int64
    private let log: Logger
    private let loop: EventLoop
    private let owned: Gauge
    private(set) var leases: [Int: Lease] = [:]
    /// The lowest format among all processes of the deployment: what other processes are to read may not be written in a
    /// later one.
    private(set) var oldestFormat: Int64 = 1
    /// Partitions whose cursors have to be read again before anything else is done.
    private var doubtful: Set<Int> = []
    private var isTicking = false
    private var mustTickAgain = false
    private var isStopped = false

    /// `lifetime` is how long, in milliseconds, a partition stays with a persister that has died.
    init(
        id: String, redis: RedisConnection, partitions: [Partition], lifetime: Int64, log: Logger, metrics: Gauge,
        loop: EventLoop
    ) {
        self.id = id
        self.redis = redis
        self.partitions = partitions
        self.lifetime = lifetime
        self.log = log
        self.loop = loop
        owned = metrics
    }

    func start() {
        redis.onReady { [weak self] in self?.doubtAll() }
        loop.scheduleRepeating(every: lifetime / 3) { [weak self] in
            guard let self, !isStopped else { return false }
            dropStale()
            tickSoon()
            return true
        }
        tickSoon()
    }

    /// Gives all partitions back, so that others needn't wait for the leases to end.
    func stop() async {
        isStopped = true
        let last = Array(leases.values)
        leases = [:]
        owned.set(0)
        _ = try? await prolong(last, by: 0)
        _ = try? await sayAlive(for: 0)
    }

    /// The cursor of a partition has moved.
    func moved(_ number: Int, to cursor: StreamID) {
        leases[number]?.cursor = cursor
    }

    /// Whether an ownership still stands, as far as the clock says.
    func holds(_ lease: Lease) -> Bool {
        guard let current = leases[lease.partition.number] else { return false }
        return current.token == lease.token && current.validUntil > loop.now
    }

    /// What can be read and written now, by number.
    var usable: [Lease] {
        leases.values.filter { !doubtful.contains($0.partition.number) }.sorted {
            $0.partition.number < $1.partition.number
        }
    }

    /// Whether the cursor has moved is unknown.
    func doubt(_ number: Int) {
        doubtful.insert(number)
        tickSoon()
    }

    /// The Redis behind a new connection may be another one, which has lost the latest: its cursors count, not those in
    /// memory.
    func doubtAll() {
        doubtful.formUnion(leases.keys)
        tickSoon()
    }

    /// A partition is somebody else's.
    func drop(_ number: Int) {
        leases[number] = nil
        owned.set(leases.count)
    }

    private func dropStale() {
        for (number, lease) in leases where lease.validUntil <= loop.now {
            log.warning("lease lapsed", [.partition: .number(number)])
            drop(number)
        }
    }

    private func tickSoon() {
        guard !isStopped, redis.isReady else { return }
        mustTickAgain = isTicking
        guard !isTicking else { return }
        isTicking = true
        loop.spawn {
            do throws(RedisError) {
                try await self.tick()
            } catch {
                self.log.warning("leases can't be kept", [.error: .describing(error)])
            }
            self.isTicking = false
            if self.mustTickAgain { self.tickSoon() }
        }
    }

    private func tick() async throws(RedisError) {
        let alive = max(1, try await sayAlive(for: lifetime))
        try await tellFacts()
        let share = (partitions.count + alive - 1) / alive
        try await renew()
        try await settleDoubts()
        if leases.count > share {
            let excess = leases.values.sorted { $0.partition.number > $1.partition.number }
                .prefix(leases.count - share)
            for lease in excess { drop(lease.partition.number) }
            _ = try await prolong(Array(excess), by: 0)
        } else if leases.count < share {
            try await acquire(share - leases.count)
        }
        owned.set(leases.count)
    }

    /// How many are alive; 0 milliseconds takes this one out.
    private func sayAlive(for milliseconds: Int64) async throws(RedisError) -> Int {
        let reply = try await redis.call(RedisScripts.persisters, keys: [Keys.persisters]) { command in
            command.add(id)
            command.add(milliseconds)
        }
        guard let alive = reply.count else { throw .unexpectedReply("persisters.lua") }
        return alive
    }

    /// Tells what this persister is, and looks at what the others are.
    private func tellFacts() async throws(RedisError) {
        var command = RedisCommand("SET", Keys.persister(id))
        command.add(
            JSONWriter.bytes(
                .object(
                    JSONObject([
                        ("id", .string(id)), ("version", .string(Version.current)),
                        (DeploymentFormat.field, .integer(DeploymentFormat.current)),
                    ]))))
        command.add("PX")
        command.add(lifetime)
        _ = try await redis.call(command)
        oldestFormat = try await DeploymentFormat.oldest(redis)
    }

    private func renew() async throws(RedisError) {
        let current = Array(leases.values)
        let validUntil = loop.now + lifetime
        for (lease, holds) in zip(current, try await prolong(current, by: lifetime)) {
            guard leases[lease.partition.number]?.token == lease.token else { continue }
            if holds {
                leases[lease.partition.number]?.validUntil = validUntil
            } else {
                log.warning("lease taken by another", [.partition: .number(lease.partition.number)])
                drop(lease.partition.number)
            }
        }
    }

    private func settleDoubts() async throws(RedisError) {
        for number in doubtful {
            if let lease = leases[number] { leases[number]?.cursor = try await cursor(of: lease.partition) }
            doubtful.remove(number)
        }
    }

    private func cursor(of partition: Partition) async throws(RedisError) -> StreamID {
        try await redis.call("GET", Keys.cursor(partition)).text.flatMap { StreamID($0) } ?? .zero
    }

    private func prolong(_ leases: [Lease], by milliseconds: Int64) async throws(RedisError) -> [Bool] {
        let commands = leases.map { lease in
            var command = RedisScripts.lease.command(keys: [Keys.stream(lease.partition)])
            command.add(lease.token)
            command.add(milliseconds)
            return command
        }
        do throws(RedisError) {
            return try await redis.pipeline(commands).map { $0.integer == 1 }
        } catch {
            guard error.code == "NOSCRIPT" else { throw error }
            _ = try await redis.call(RedisScripts.lease.loadCommand)
            return try await redis.pipeline(commands).map { $0.integer == 1 }
        }
    }

    /// Tries for partitions that nobody owns, in random order so that two persisters don't always meet.
    private func acquire(_ count: Int) async throws(RedisError) {
        var wanted = count
        for partition in partitions.shuffled() where wanted > 0 && leases[partition.number] == nil {
            let token = "\(id) \(UUID.random())"
            let validUntil = loop.now + lifetime
            let reply = try await redis.call(RedisScripts.claim, keys: [Keys.stream(partition)]) { command in
                command.add(token)
                command.add(lifetime)
            }
            guard let text = reply.text else { continue }
            let lease = Lease(
                partition: partition, token: token, cursor: StreamID(text) ?? .zero, validUntil: validUntil)
            guard !isStopped else {
                _ = try await prolong([lease], by: 0)
                return
            }
            leases[partition.number] = lease
            wanted -= 1
        }
    }
}
