internal import Shared

/// The node's heartbeat in Redis, and the sweeping of nodes that have none any more.
///
/// Confined to the first worker's loop.
final class NodeRegistry {
    /// What the registry asks the loops for.
    struct Sessions {
        /// The ids of all sessions of the node that are registered, or about to be.
        let ids: () async -> Set<String>
        /// Writes those that are named and still there into Redis; whether that was possible.
        let write: (Set<String>) async -> Bool
    }

    /// Milliseconds between two heartbeats.
    private static let interval: Int64 = 5_000
    /// Milliseconds without a heartbeat after which a node counts as dead.
    private static let lifetime: Int64 = 15_000
    /// So long (ms) it matters to users' queues that Redis' clock has gone back.
    private static let clockMemory = QueuePosition.memory
    /// By so much (ms) the node's clock and Redis' may differ before somebody should look.
    private static let clockTolerance: Int64 = 30_000
    /// About so many sessions of a dead node are taken out by one command.
    private static let sweepPage: Int64 = 500

    let node: NodeContext
    let redis: RedisConnection
    let log: Logger
    let loop: EventLoop
    let sessions: Sessions
    var check = RegistryCheck()
    private let startedAt = WallClock.nowMilliseconds()
    private let identity = NodeFacts(incarnation: UUID.random().description, place: .current)
    private var isStopped = false
    private var isBeating = false
    private var clocksDiffer = false

    init(node: NodeContext, redis: RedisConnection, log: Logger, loop: EventLoop, sessions: Sessions) {
        self.node = node
        self.redis = redis
        self.log = log
        self.loop = loop
        self.sessions = sessions
    }

    // MARK: Life

    /// Makes the node's name this process' own; false where it is another's that lives.
    func claim() async -> Bool {
        var claim = NodeClaim(lifetime: Self.lifetime, interval: Self.interval)
        var dead: [UInt8] = []
        while true {
            await redis.waitUntilReady()
            do throws(RedisError) {
                switch try await beat(replacing: dead) {
                case .own: return true
                case .taken(let facts, let remaining):
                    switch claim.judge(remaining: remaining, hasEnded: NodeFacts(facts).place.hasEnded) {
                    case .takeOver: dead = facts
                    case .wait: await loop.sleep(milliseconds: NodeClaim.pause)
                    case .refuse: return false
                    }
                }
            } catch {
                log.warning("heartbeat failed", [.error: .describing(error)])
                await loop.sleep(milliseconds: NodeClaim.pause)
            }
        }
    }

    func start() {
        redis.onReady { [weak self] in self?.beatSoon() }
        loop.scheduleRepeating(every: Self.interval) { [weak self] in
            guard let self, !isStopped else { return false }
            beatSoon()
            return true
        }
        beatSoon()
    }

    /// Takes the node out of Redis.
    func stop() async {
        isStopped = true
        node.readiness.set(.registered, false)
        do throws(RedisError) {
            let left = try await redis.call(RedisScripts.leave, keys: [Keys.node(node.id)]) {
                $0.add(identity.incarnation)
            }
            guard left.integer == 1 else { return }
            _ = try await sweep(node.id)
        } catch {
            log.warning("node can't be taken out", [.error: .describing(error)])
        }
    }

    // MARK: Heartbeats

    private func beatSoon() {
        guard !isBeating, !isStopped, redis.isReady else { return }
        isBeating = true
        loop.spawn {
            await self.beat()
            self.isBeating = false
        }
    }

    private func beat() async {
        do throws(RedisError) {
            switch try await beat(replacing: []) {
            case .taken:
                node.readiness.set(.registered, false)
                log.error("another process has this node's name", [.reason: .string("PARLEY_NODE_ID=\(node.id)")])
                return
            case .own(let isNew):
                // Others may have swept the sessions of a node whose heartbeat lapsed. Its name comes first: while it stands there,
                // nobody sweeps what is written.
                if isNew {
                    node.readiness.set(.registered, false)
                    check.lapsed()
                }
                guard try await compare() else { return }
            }
            await lookAtClock()
            if !isStopped { node.readiness.set(.registered, true) }
            node.oldestFormat = try await DeploymentFormat.oldest(redis)
            try await sweepDead()
        } catch {
            log.warning("heartbeat failed", [.error: .describing(error)])
        }
    }

    /// A node that can't look serves all the same.
    private func lookAtClock() async {
        let asked = MonotonicClock.nowMilliseconds()
        let own = WallClock.nowMilliseconds()
        do throws(RedisError) {
            let reply = try await redis.call(RedisScripts.clock, keys: Keys.clock) { $0.add(Self.clockMemory) }
            guard let parts = reply.elements, let now = parts.first?.integer else { throw .unexpectedReply("clock") }
            node.note(redisTime: now, at: asked, ClockJumps(parts.dropFirst()))
            compareClocks(redis: now, own: own)
        } catch {
            log.warning("Redis' clock can't be looked at", [.error: .describing(error)])
        }
    }

    private func compareClocks(redis: Int64, own: Int64) {
        node.metrics.clockDifference.set(Int(clamping: redis - own))
        let differ = abs(redis - own) > Self.clockTolerance
        if differ, !clocksDiffer {
            log.warning("the node's clock isn't Redis'", [.count: .integer(redis - own)])
        }
        clocksDiffer = differ
    }

    private enum Answer {
        /// The name is this process'; `isNew` where it wasn't there before.
        case own(isNew: Bool)
        /// It is another's: its facts, and the milliseconds until they expire.
        case taken([UInt8], remaining: Int64)
    }

    /// Renews the node's entry, or makes it; another's is replaced where it is `dead` still.
    private func beat(replacing dead: [UInt8]) async throws(RedisError) -> Answer {
        let reply = try await redis.call(RedisScripts.beat, keys: [Keys.node(node.id), Keys.nodes]) { command in
            command.add(node.id)
            command.add(identity.incarnation)
            command.add(facts)
            command.add(Self.lifetime)
            command.add(WallClock.nowMilliseconds())
            command.add(dead)
        }
        guard let parts = reply.elements, let code = parts.first?.integer else { throw .unexpectedReply("beat") }
        guard code == 2 else { return .own(isNew: code == 1) }
        return .taken(parts[1].bytes ?? [], remaining: parts[2].integer ?? 0)
    }

    private var facts: [UInt8] {
        let needed = node.config.security.revocationSeconds.map { (RevocationLife.field, JSON.integer($0)) }
        let members: [(String, JSON)] = [
            ("id", .string(node.id)), ("version", .string(Version.current)),
            (DeploymentFormat.field, .integer(DeploymentFormat.current)),
            ("listen", .string(node.config.listen.description)),
            ("startedAt", .string(RFC3339.format(milliseconds: startedAt))),
            ("connections", .integer(Int64(node.metrics.connections.value))),
            ("sessions", .integer(Int64(node.metrics.sessions.value))),
        ]
        return JSONWriter.bytes(.object(JSONObject(members + identity.members + [needed].compactMap(\.self))))
    }

    // MARK: Sweeping

    /// Removes the sessions of nodes that are dead.
    private func sweepDead() async throws(RedisError) {
        let nodes = try await redis.call("ZRANGE", Keys.nodes, "0", "-1").elements?.compactMap(\.text) ?? []
        let others = nodes.filter { $0 != node.id }
        let alive = try await redis.pipeline(others.map { RedisCommand("EXISTS", Keys.node($0)) })
        for (other, isAlive) in zip(others, alive) where isAlive.integer == 0 {
            guard let count = try await sweep(other) else { continue }
            log.warning("dead node swept", [.reason: .string(other), .count: .number(count)])
        }
    }

    /// Takes the sessions of a dead node out, and the node; how many there were, or nil where it lives.
    private func sweep(_ id: String) async throws(RedisError) -> Int? {
        var count = 0
        var cursor = "0"
        repeat {
            let keys = [Keys.node(id), Keys.sessions(ofNode: id), Keys.nodes]
            let reply = try await redis.call(RedisScripts.sweep, keys: keys) { command in
                command.add(id)
                command.add(cursor)
                command.add(Self.sweepPage)
            }
            guard let parts = reply.elements, parts.count == 2, let taken = parts[0].integer, let next = parts[1].text
            else { throw .unexpectedReply("sweep") }
            if taken < 0 { return nil }
            count += Int(clamping: taken)
            cursor = next
        } while cursor != "0"
        return count
    }
}
