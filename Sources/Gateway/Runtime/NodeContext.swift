internal import Shared
internal import Synchronization

/// What all workers of the node share: immutable, or safe for any thread.
final class NodeContext: Sendable {
    let config: GatewayConfig
    /// How many connections there may be.
    let descriptors: DescriptorBudget
    /// The node's name in logs and in Redis.
    let id: String
    let partitioning: Partitioning
    let metrics: GatewayMetrics
    let readiness = Readiness()
    let authenticator: Authenticator
    let interceptor: JwtHandshakeInterceptor
    let revocations: Revocations
    /// The issuer's keys, where they come as a set.
    let keySet: KeySetKeeper?
    /// The certificate that clients see; nil where the gateway itself speaks no TLS.
    let certificate: ServerCertificate?
    /// The keys that contents are encrypted under where they are stored; nil where they are stored in clear.
    let masterKeys: MasterKeyRing?
    /// Where uploaded files are; nil where none are taken.
    let files: FilePlace?
    /// Bytes for the contents of requests that are being read.
    let contentMemory: Quota
    /// Uploads and downloads.
    let transfers: Quota
    private let connectionCount = Atomic<Int>(0)
    private let format = Atomic<Int64>(1)
    private let memoryIsShort = Atomic<Bool>(false)
    private let epochOfInboxes = Atomic<Int64>(0)
    private let clockAhead = Atomic<Int64>(WallClock.nowMilliseconds() - MonotonicClock.nowMilliseconds())
    private let jumps = Locked(ClockJumps())
    private let latestJump = Atomic<Int64>(0)

    init(
        _ config: GatewayConfig, descriptors: DescriptorBudget, id: String, authenticator: Authenticator,
        revocations: Revocations, keySet: KeySetKeeper?, certificate: ServerCertificate?, masterKeys: MasterKeyRing?,
        files: FilePlace?, metrics: GatewayMetrics
    ) {
        self.config = config
        self.descriptors = descriptors
        contentMemory = Quota(config.contentMemory)
        transfers = Quota(descriptors.transfers)
        self.certificate = certificate
        self.masterKeys = masterKeys
        self.files = files
        self.metrics = metrics
        metrics.connectionsMaximum.set(descriptors.connections)
        self.authenticator = authenticator
        self.revocations = revocations
        self.keySet = keySet
        self.id = id
        partitioning = Partitioning(count: config.common.partitions)
        interceptor = JwtHandshakeInterceptor(authenticator, config.security)
    }

    /// The lowest format among all processes of the deployment, as the last heartbeat found it: what other processes are
    /// to read may not be written in a later one.
    var oldestFormat: Int64 {
        get { format.load(ordering: .relaxed) }
        set { format.store(newValue, ordering: .relaxed) }
    }

    /// Whether Redis has so little memory left that no messages are accepted.
    var isRedisFull: Bool {
        get { memoryIsShort.load(ordering: .relaxed) }
        set { memoryIsShort.store(newValue, ordering: .relaxed) }
    }

    /// The epoch in which the indexes of inboxes count; 0 while none may be used.
    var inboxEpoch: Int64 {
        get { epochOfInboxes.load(ordering: .relaxed) }
        set { epochOfInboxes.store(newValue, ordering: .relaxed) }
    }

    /// Takes what Redis' clock said (ms) when it was asked (monotonic ms) or soon behind it, and where it has gone back.
    func note(redisTime: Int64, at moment: Int64, _ found: ClockJumps) {
        clockAhead.store(redisTime - moment, ordering: .relaxed)
        jumps.withLock { $0 = found }
        // Who sees the jump sees the clock of after it.
        latestJump.store(found.latest, ordering: .releasing)
    }

    /// What Redis' clock (ms) is about to say.
    var redisTime: Int64 { MonotonicClock.nowMilliseconds() + clockAhead.load(ordering: .relaxed) }

    /// The time (ms) up to which positions in users' queues go at present, and the number of the last jump that is known: ids
    /// have theirs from Redis' clock, or from a node's that is far behind it.
    var queueClock: (time: Int64, epoch: Int64) {
        let epoch = latestJump.load(ordering: .acquiring)
        return (min(redisTime, WallClock.nowMilliseconds()), epoch)
    }

    /// Where Redis' clock has gone back.
    var clockJumps: ClockJumps { jumps.withLock { $0 } }

    /// Counts a connection; false where the node has as many as it takes.
    func admit() -> Bool {
        let count = connectionCount.wrappingAdd(1, ordering: .relaxed).newValue
        metrics.connections.set(count)
        return count <= descriptors.connections
    }

    /// Counts a connection that is gone.
    func dismiss() {
        metrics.connections.set(connectionCount.wrappingSubtract(1, ordering: .relaxed).newValue)
    }
}
