internal import Shared

/// Keeps this persister's share of the partitions: each has one owner at a time, and whoever is alive gets as many as
/// the others.
///
/// Confined to its loop.
final class LeaseKeeper {
    /// The deployment's format from which on committed entries are counted apart.
    private static let keepingFormat: Int64 = 2

    private let id: String
    private let redis: RedisConnection
    private let partitions: [Partition]
    private let lifetime: Int64
    private let log: Logger
    private let loop: EventLoop
    private let owned: Gauge
    private var table = LeaseTable()
    /// How often in a row a process was found that can't tell what is kept from what waits; nil until it was looked for.
    private var findsOfOlder: Int?
    /// How many persisters shared the partitions when it was last asked.
    private var alive = 1
    /// Whether the partitions are left to the other persisters.
    private(set) var isAway = false
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
            for number in table.lapse(at: loop.now) { log.warning("lease lapsed", [.partition: .number(number)]) }
            tickSoon()
            return true
        }
        tickSoon()
    }

    /// Gives all partitions back, so that others needn't wait for the leases to end.
    func stop() async {
        isStopped = true
        await giveBackAll()
    }

    /// Leaves the partitions to the other persisters until `comeBack`; false, and nothing changes, where there is none.
    func leave() async -> Bool {
        guard alive > 1, !isAway, !isStopped else { return false }
        isAway = true
        await giveBackAll()
        return true
    }

    /// Takes a share of the partitions again.
    func comeBack() {
        isAway = false
        tickSoon()
    }

    private func giveBackAll() async {
        let last = table.takeAll()
        owned.set(0)
        _ = try? await sayAlive(for: 0)
        _ = await prolong(last, by: 0)
    }

    // MARK: What is owned

    /// What can be read and written now, by number.
    var usable: [Lease] { table.usable(at: loop.now) }

    /// Whether what was read under a lease may be written.
    func holds(_ lease: Lease) -> Bool { table.holds(lease, at: loop.now) }

    /// The cursor of a partition has moved.
    func moved(_ lease: Lease, to cursor: StreamID) { table.moved(lease, to: cursor) }

    /// Whether the cursor has moved is unknown.
    func doubt(_ number: Int) {
        table.doubt(number)
        tickSoon()
    }

    func doubtAll() {
        table.doubtAll()
        tickSoon()
    }

    /// A partition is somebody else's.
    func lost(_ lease: Lease) {
        guard table.lost(lease) else { return }
        log.warning("lease taken by another", [.partition: .number(lease.partition.number)])
        owned.set(table.count)
    }

    /// Redis refuses something about a partition: it is left alone for a while, and the others go on.
    func pause(_ number: Int, for milliseconds: Int64) { table.pause(number, until: loop.now + milliseconds) }

    /// Whether committed entries may stay in the streams: a gateway of the first release takes them for waiting. A
    /// single find isn't believed, since a process may just be late to tell what it is. Nil where it isn't known.
    var mayKeepEntries: Bool? { findsOfOlder.flatMap { $0 == 1 ? nil : $0 == 0 } }

    /// A partition's cursor was moved back under its lease, so that entries up to `replayEnd` are written again.
    func rewound(_ lease: Lease, to cursor: StreamID, replayEnd: StreamID) {
        table.rewound(lease, to: cursor, replayEnd: replayEnd)
    }

    /// PostgreSQL's position was compared with the cursor: from now on nobody else moves either.
    func compared(_ lease: Lease) { table.compared(lease) }

    /// How many partitions are left alone.
    var paused: Int { table.paused(at: loop.now) }

    // MARK: Keeping it

    private func tickSoon() {
        guard !isStopped, !isAway, redis.isReady else { return }
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
        // Whoever is counted is looked at: what this persister is must be there before.
        try await tellFacts()
        alive = max(1, try await sayAlive(for: lifetime))
        let share = (partitions.count + alive - 1) / alive
        try await renew()
        try await settleDoubts()
        let excess = table.takeExcess(over: share)
        if !excess.isEmpty { for result in await prolong(excess, by: 0) { _ = try result.get() } }
        if table.count < share { try await acquire(share - table.count) }
        owned.set(table.count)
        let oldest = try await DeploymentFormat.oldest(redis)
        findsOfOlder = oldest < Self.keepingFormat ? (findsOfOlder ?? 0) + 1 : 0
        // It was told to leave while it was asking for more.
        if isAway || isStopped { await giveBackAll() }
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

    /// Tells what this persister is.
    private func tellFacts() async throws(RedisError) {
        let facts = JSONObject([
            ("id", .string(id)), ("version", .string(Version.current)),
            (DeploymentFormat.field, .integer(DeploymentFormat.current)),
        ])
        var command = RedisCommand.housekeeping("SET", Keys.persister(id))
        command.add(JSONWriter.bytes(.object(facts)))
        command.add("PX")
        command.add(lifetime)
        _ = try await redis.call(command)
    }

    private func renew() async throws(RedisError) {
        let current = Array(table.leases.values)
        let validUntil = loop.now + lifetime
        var failure: RedisError?
        for (lease, result) in zip(current, await prolong(current, by: lifetime)) {
            switch result {
            case .success(let reply) where reply.integer == 1: table.renewed(lease, until: validUntil)
            case .success: lost(lease)
            case .failure(let error): failure = error
            }
        }
        if let failure { throw failure }
    }

    private func settleDoubts() async throws(RedisError) {
        let doubtful = table.doubtful
        let replies = try await redis.pipeline(
            doubtful.map { RedisCommand("MGET", Keys.cursor($0.lease.partition), Keys.replay($0.lease.partition)) })
        for ((lease, doubt), reply) in zip(doubtful, replies) {
            let ids = Self.positions(reply)
            table.settled(lease, doubt, cursor: ids[0], replayEnd: ids[1])
        }
    }

    /// The cursor, and the end of a replay; zero for what isn't there.
    private static func positions(_ reply: RedisReply) -> [StreamID] {
        let ids = (reply.elements ?? []).map { $0.text.flatMap { StreamID($0) } ?? .zero }
        return ids.count >= 2 ? ids : [.zero, .zero]
    }

    private func prolong(_ leases: [Lease], by milliseconds: Int64) async -> [Result<RedisReply, RedisError>] {
        let calls = leases.map { lease in
            var command = RedisScripts.lease.command(keys: [Keys.stream(lease.partition)])
            command.add(lease.token)
            command.add(milliseconds)
            return command
        }
        return await redis.results(of: RedisScripts.lease, calls)
    }

    /// Tries for partitions that nobody owns, in random order so that two persisters don't always meet. Two round
    /// trips, however many there are.
    private func acquire(_ count: Int) async throws(RedisError) {
        let candidates = partitions.filter { table.leases[$0.number] == nil }.shuffled()
        let owners = try await redis.pipeline(candidates.map { RedisCommand("EXISTS", Keys.owner($0)) })
        let free = zip(candidates, owners).filter { $1.integer == 0 }.prefix(count).map { $0.0 }
        let tokens = free.map { _ in "\(id) \(UUID.random())" }
        let validUntil = loop.now + lifetime
        let calls = zip(free, tokens).map { partition, token in
            var command = RedisScripts.claim.command(keys: [Keys.stream(partition)])
            command.add(token)
            command.add(lifetime)
            return command
        }
        let results = await redis.results(of: RedisScripts.claim, calls)
        var failure: RedisError?
        for (place, result) in results.enumerated() {
            switch result {
            case .success(let reply):
                guard let parts = reply.elements else { continue }
                let ids = Self.positions(reply)
                table.claimed(
                    Lease(
                        partition: free[place], token: tokens[place], cursor: ids[0], replayEnd: ids[1],
                        followsOlder: parts.last?.integer == 1, validUntil: validUntil))
            case .failure(let error): failure = error
            }
        }
        if let failure { throw failure }
    }
}
