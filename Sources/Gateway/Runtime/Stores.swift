internal import Shared

/// A loop's connections to Redis and PostgreSQL, and what reads conversations through them.
struct Stores {
    let log: Logger
    /// For what is short, and for messages on their way in.
    let redis: RedisConnection
    /// For reads that may be long: pages, lists, heads, inboxes. One that Redis is late with ends this connection only, with no message
    /// on its way.
    let bulk: RedisConnection
    /// For what somebody waits for and may have to try again: histories, lists, files.
    let postgres: PostgresPool
    /// For what must not wait behind those: cold conversations, changes of members, keys, cursors.
    let essential: PostgresPool
    /// Nil where contents are stored in clear.
    let vault: ContentVault?
    let loader: ConversationLoader
    let membership: Membership
    let reader: EventReader
    let forks: ForkRepair

    /// `loops` is how many there are on the node.
    init(_ node: NodeContext, endpoint: RedisEndpoint, loop: EventLoop, loops: Int) throws(PostgresError) {
        let common = node.config.common
        log = Logger(
            level: common.logLevel, format: common.logFormat,
            base: [(.node, .string(node.id)), (.loop, .number(loop.index))])
        redis = RedisConnection(endpoint, name: "parley-\(node.id)", timeout: common.redisTimeout, on: loop)
        bulk = RedisConnection(endpoint, name: "parley-\(node.id)-bulk", timeout: common.redisTimeout, on: loop)
        let connections = DatabaseConnections(loops: loops)
        postgres = try PostgresPool(
            url: common.databaseURL, name: "parley-\(node.id)", size: connections.reading,
            timeout: common.databaseTimeout, on: loop)
        essential = try PostgresPool(
            url: common.databaseURL, name: "parley-\(node.id)", size: connections.essential, for: .load,
            timeout: common.databaseTimeout, on: loop)
        let registry = node.metrics.registry
        registry.observe(redis, as: "main")
        registry.observe(bulk, as: "bulk")
        registry.observe(postgres, as: "reading")
        registry.observe(essential, as: "essential")
        let (redis, bulk, postgres, essential, log) = (redis, bulk, postgres, essential, log)
        let vault = node.masterKeys.map { ring in
            ContentVault(ring: ring, node: node, redis: redis, postgres: essential, log: log, loop: loop)
        }
        self.vault = vault
        loader = ConversationLoader(
            redis: redis, postgres: essential, partitioning: node.partitioning, stateTTL: common.stateTTL, loop: loop)
        membership = Membership(redis: redis, bulk: bulk, loader: loader, partitioning: node.partitioning)
        reader = EventReader(redis: bulk, postgres: postgres, partitioning: node.partitioning, vault: vault)
        forks = ForkRepair(
            redis: redis, postgres: postgres, partitioning: node.partitioning, metrics: node.metrics, log: log,
            loop: loop)
    }
}
