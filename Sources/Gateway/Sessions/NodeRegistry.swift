internal import Shared

/// The node's heartbeat in Redis, and the sweeping of nodes that have none any more.
///
/// Confined to the first worker's loop.
final class NodeRegistry {
    /// Milliseconds between two heartbeats.
    private static let interval: Int64 = 5_000
    /// Milliseconds without a heartbeat after which a node counts as dead.
    private static let lifetime = "15000"

    private let node: NodeContext
    private let redis: RedisConnection
    private let log: Logger
    let loop: EventLoop
    private let startedAt = WallClock.nowMilliseconds()
    /// Makes every loop write its sessions again; throws what Redis said where one couldn't.
    private let registerAll: () async -> Bool
    private var isStopped = false
    private var isBeating = false

    init(
        node: NodeContext, redis: RedisConnection, log: Logger, loop: EventLoop, registerAll: @escaping () async -> Bool
    ) {
        self.node = node
        self.redis = redis
        self.log = log
        self.loop = loop
        self.registerAll = registerAll
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
        _ = try? await redis.pipeline([
            RedisCommand("DEL", Keys.node(node.id), Keys.sessions(ofNode: node.id)),
            RedisCommand("ZREM", Keys.nodes, node.id),
        ])
    }

    private func beatSoon() {
        guard !isBeating, !isStopped, redis.isReady else { return }
        isBeating = true
        loop.spawn {
            await self.beat()
            self.isBeating = false
        }
    }

    private func beat() async {
        do {
            let known = try await redis.call("EXISTS", Keys.node(node.id))
            // Others may have swept the sessions of a node whose heartbeat lapsed: they are written again first.
            if known.integer != 1 {
                node.readiness.set(.registered, false)
                guard await registerAll() else { return }
            }
            let now = WallClock.nowMilliseconds()
            var heartbeat = RedisCommand("SET", Keys.node(node.id))
            heartbeat.add(facts)
            heartbeat.add("PX")
            heartbeat.add(Self.lifetime)
            _ = try await redis.pipeline([heartbeat, RedisCommand("ZADD", Keys.nodes, String(now), node.id)])
            if !isStopped { node.readiness.set(.registered, true) }
            node.oldestFormat = try await DeploymentFormat.oldest(redis)
            try await sweep()
        } catch {
            log.warning("heartbeat failed", [.error: .describing(error)])
        }
    }

    private var facts: [UInt8] {
        JSONWriter.bytes(
            .object(
                JSONObject([
                    ("id", .string(node.id)), ("version", .string(Version.current)),
                    (DeploymentFormat.field, .integer(DeploymentFormat.current)),
                    ("listen", .string(node.config.listen.description)),
                    ("startedAt", .string(RFC3339.format(milliseconds: startedAt))),
                    ("connections", .integer(Int64(node.metrics.connections.value))),
                    ("sessions", .integer(Int64(node.metrics.sessions.value))),
                ])))
    }

    /// Removes the sessions of nodes that are dead.
    private func sweep() async throws(RedisError) {
        let nodes = try await redis.call("ZRANGE", Keys.nodes, "0", "-1").elements?.compactMap(\.text) ?? []
        for other in nodes where other != node.id {
            guard try await redis.call("EXISTS", Keys.node(other)).integer == 0 else { continue }
            let entries = try await redis.call("HGETALL", Keys.sessions(ofNode: other)).elements ?? []
            var commands: [RedisCommand] = []
            for position in stride(from: 0, to: entries.count - 1, by: 2) {
                guard let id = entries[position].text, let json = entries[position + 1].bytes,
                    let user = try? JSONParser.parse(json).object?["user"]?.string.flatMap({ UUID($0) })
                else { continue }
                commands += UserSessionRegistry.removal(id, user: user, node: other)
            }
            commands.append(RedisCommand("DEL", Keys.sessions(ofNode: other)))
            commands.append(RedisCommand("ZREM", Keys.nodes, other))
            _ = try await redis.pipeline(commands)
            log.warning("dead node swept", [.reason: .string(other), .count: .number(entries.count / 2)])
        }
    }
}
