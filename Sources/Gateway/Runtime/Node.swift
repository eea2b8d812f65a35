internal import Shared

/// The gateway as a whole: its loops, their workers, the hub, and the order of its start and its stop.
final class Node: Sendable {
    /// Milliseconds between two attempts while a store is away at the start.
    private static let startRetry: Int64 = 100
    /// Milliseconds between two shares of the quiet conversations whose heads are compared: a round takes ten.
    private static let auditInterval: Int64 = 10_000
    /// Milliseconds between two looks at the epoch of the indexes of inboxes.
    private static let epochInterval: Int64 = 1_000
    /// Milliseconds between two looks for announcements that nobody has made.
    private static let announceInterval: Int64 = 5_000
    /// Milliseconds between two looks for files that nobody needs any more.
    private static let sweepInterval: Int64 = 3_600_000

    let context: NodeContext
    let loops: [EventLoop]
    let workers: [LoopReference<Worker>]
    let hub: LoopReference<Hub>
    private let registry: LoopReference<NodeRegistry>
    private let probe: LoopReference<PubSubProbe>
    private let revocationWatch: LoopReference<RevocationWatch>

    /// Builds everything before a loop runs.
    init(_ context: NodeContext, endpoint: RedisEndpoint, loops count: Int) throws {
        self.context = context
        loops = try (0..<count).map { try EventLoop(index: $0) }
        for loop in loops { LoopMetrics.observe(loop, in: context.metrics.registry) }
        var stores: [Stores] = []
        for loop in loops { stores.append(try Stores(context, endpoint: endpoint, loop: loop, loops: count)) }
        let subscriber = RedisSubscriber(
            endpoint, name: "parley-\(context.id)-pubsub", timeout: context.config.common.redisTimeout, on: loops[0])
        let hub = Hub(
            subscriber: subscriber, membership: stores[0].membership, reader: stores[0].reader,
            forks: stores[0].forks, partitioning: context.partitioning, metrics: context.metrics, log: stores[0].log,
            loop: loops[0])
        self.hub = LoopReference(hub, on: loops[0])
        var workers: [LoopReference<Worker>] = []
        for (loop, stores) in zip(loops, stores) {
            let worker = Worker(
                index: loop.index, loop: loop, loops: count, node: context, stores: stores, hub: self.hub)
            workers.append(LoopReference(worker, on: loop))
        }
        self.workers = workers
        hub.workers = workers
        let first = loops[0]
        let sessions = NodeRegistry.Sessions(
            ids: { await Self.sessionIDs(workers, from: first) }, write: { await Self.write($0, workers, from: first) })
        let registry = NodeRegistry(
            node: context, redis: stores[0].redis, log: stores[0].log, loop: first, sessions: sessions)
        self.registry = LoopReference(registry, on: loops[0])
        revocationWatch = LoopReference(
            RevocationWatch(
                redis: stores[0].redis, revocations: context.revocations,
                life: context.config.security.revocationSeconds, log: stores[0].log
            ) { ended in
                for worker in workers { worker.run { $0.endSessions(ended) } }
            }, on: loops[0])
        probe = LoopReference(
            PubSubProbe(node: context.id, redis: stores[0].redis, hub: hub, readiness: context.readiness),
            on: loops[0])
    }

    /// Runs the node until a signal stops it.
    func run() {
        let threads = loops.map { loop in
            LoopThread(loop) { [self] in
                workers[loop.index].run { $0.start() }
                if loop.index == 0 { startFirst() }
            }
        }
        for thread in threads { thread.join() }
    }

    // MARK: Starting

    /// The first loop's own work: the stores are checked, then everybody listens.
    private func startFirst() {
        workers[0].run { [self] worker in
            do throws(SystemError) {
                try Signals.observe(Signals.terminating, on: worker.loop) { [self] signal in stop(worker, signal) }
                try Signals.observe([Signals.reloading], on: worker.loop) { [self] _ in reloadCertificate() }
            } catch {
                fatalStart("signals can't be observed", error.description, worker)
            }
            worker.loop.spawn { [self] in await start(worker) }
        }
    }

    private func start(_ worker: Worker) async {
        worker.log.info(
            "gateway starting", [.version: .string(Version.current), .count: .number(loops.count)])
        warnOfDescriptors(worker.log)
        guard await prepareStores(worker) else { return }
        guard await claimName(worker) else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            revocationWatch.run { $0.start { continuation.resume() } }
        }
        hub.run { [probe] hub in
            hub.subscriber.start()
            probe.run { $0.start() }
        }
        registry.run { $0.start() }
        context.keySet?.start(on: worker.loop, log: worker.log)
        hub.run { hub in Self.startAudits(hub) }
        let epoch = InboxEpoch(node: context, redis: worker.redis)
        worker.loop.scheduleRepeating(every: Self.epochInterval) {
            epoch.look()
            return true
        }
        startAnnouncements(worker)
        TimelineWatch(
            node: context.id, postgres: worker.essential, redis: worker.redis, partitioning: context.partitioning,
            restored: context.metrics.conversationsRestored, log: worker.log, loop: worker.loop
        ).start()
        startSweeping(worker)
        MemoryTrim.start(on: worker.loop)
        MemoryWatch(node: context, redis: worker.redis, log: worker.log).start()
        for reference in workers {
            reference.run { [self] worker in
                // The first worker, whose loop this is, listens before any other is asked to.
                listen(worker, GatewaySettings.listen.declaration, on: context.config.listen, isOperator: false)
                if worker.index == 0, let address = context.config.operatorListen {
                    listen(worker, CommonSettings.operatorListen.declaration, on: address, isOperator: true)
                }
            }
        }
        context.readiness.set(.started, true)
        worker.log.info("gateway listening", [.address: .string(context.config.listen.description)])
    }

    /// A limit of the process that is too low for what is wanted.
    private func warnOfDescriptors(_ log: Logger) {
        let budget = context.descriptors
        guard budget.connections < budget.wanted else { return }
        let wanted = "\(GatewaySettings.maxConnections.declaration.variable)=\(budget.wanted)"
        let reason = "\(wanted) needs more descriptors than ulimit -n gives: \(budget.connections) are taken"
        log.warning("fewer connections are taken", [.reason: .string(reason), .limit: .number(budget.limit)])
    }

    /// Makes sure that no other process has the node's name: they would take each other's sessions out.
    private func claimName(_ worker: Worker) async -> Bool {
        let loop = worker.loop
        let isOwn = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            registry.run { registry in
                loop.spawn { continuation.resume(returning: await registry.claim()) }
            }
        }
        if !isOwn {
            let problem = "another process has it and is alive; each gateway needs a name of its own"
            fatalStart("the node's name is taken", "PARLEY_NODE_ID=\(context.id): \(problem)", worker)
        }
        return isOwn
    }

    private func listen(_ worker: Worker, _ setting: AnySetting, on address: SocketAddress, isOperator: Bool) {
        do throws(SystemError) {
            try worker.listen(on: address, sharing: worker.index == 0 ? .claims : .joins, isOperator: isOperator)
        } catch {
            fatalStart("can't listen", setting.problem(listeningOn: address, error), worker)
        }
    }

    /// Checks formats and settings of both stores, as long as it takes for them to be there; false where they don't fit.
    private func prepareStores(_ worker: Worker) async -> Bool {
        let common = context.config.common
        let watch = StoreWatch(worker.log, on: worker.loop)
        defer { watch.end() }
        while true {
            do {
                watch.asksRedis()
                try worker.redis.requireReady()
                try await StoreFormat.check(partitions: common.partitions, redis: worker.redis)
                try await StoreFormat.check(dedupeWindow: common.dedupeWindow, redis: worker.redis)
                watch.asksDatabase()
                try await common.migrate ? Migrator.migrate(worker.postgres) : Migrator.check(worker.postgres)
                try await StoreFormat.check(partitions: common.partitions, postgres: worker.postgres)
                _ = try await KnownTimeline.look(worker.essential)
                if let problem = try await EncryptionCheck.problem(context.masterKeys, worker.postgres) {
                    fatalStart("contents can't be read", problem, worker)
                    return false
                }
                watch.asksRedis()
                try await RedisDurability.watch(worker.redis, on: worker.loop) { [log = worker.log] problems in
                    for problem in problems {
                        log.warning("durability is weaker than promised", [.reason: .string(problem)])
                    }
                }
                return true
            } catch let error as StoreFormatError where error.isMismatch {
                fatalStart("the stores belong to another set-up", error.description, worker)
                return false
            } catch let error as MigrationError where error.isIncompatible {
                fatalStart("the tables are too new", error.description, worker)
                return false
            } catch {
                watch.failed(error)
                await worker.loop.sleep(milliseconds: Self.startRetry)
            }
        }
    }

    private func startAnnouncements(_ worker: Worker) {
        worker.loop.scheduleRepeating(every: Self.announceInterval) {
            worker.loop.spawn { await worker.announcer.announceOverdue() }
            return true
        }
    }

    private func startSweeping(_ worker: Worker) {
        worker.loop.spawn { await worker.files.sweep() }
        worker.loop.scheduleRepeating(every: Self.sweepInterval) {
            worker.loop.spawn { await worker.files.sweep() }
            return true
        }
    }

    private static func startAudits(_ hub: Hub) {
        hub.loop.scheduleRepeating(every: auditInterval) {
            hub.audit()
            return true
        }
        hub.loop.scheduleRepeating(every: 1_000) {
            hub.forgetIdle()
            return true
        }
    }

    /// The ids of the sessions of all loops.
    private static func sessionIDs(_ workers: [LoopReference<Worker>], from loop: EventLoop) async -> Set<String> {
        var all: Set<String> = []
        for worker in workers {
            let ids = await withCheckedContinuation { (continuation: CheckedContinuation<Set<String>, Never>) in
                worker.run { worker in
                    let ids = Set(worker.sessions.sessions.keys)
                    loop.post { continuation.resume(returning: ids) }
                }
            }
            all.formUnion(ids)
        }
        return all
    }

    /// Makes all loops write those of these sessions that they have; true when all could.
    private static func write(
        _ ids: Set<String>, _ workers: [LoopReference<Worker>], from loop: EventLoop
    ) async -> Bool {
        for worker in workers {
            let succeeded = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                worker.run { worker in
                    worker.loop.spawn {
                        let result = (try? await worker.sessions.write(ids)) != nil
                        loop.post { continuation.resume(returning: result) }
                    }
                }
            }
            guard succeeded else { return false }
        }
        return true
    }

    private func fatalStart(_ message: StaticString, _ reason: String, _ worker: Worker) {
        worker.log.error(message, [.error: .string(reason)])
        worker.log.flush()
        StandardStreams.writeError("gateway: \(message): \(reason)\n")
        Process.exit(1)
    }

    /// Takes a renewed certificate for the connections to come; with files that don't fit the present one stays.
    private func reloadCertificate() {
        guard let certificate = context.certificate else { return }
        certificate.reload { [workers] result in
            for reference in workers {
                reference.run { worker in
                    switch result {
                    case .success(let context):
                        worker.tls = context
                        worker.log.info("certificate read again")
                    case .failure(let error):
                        worker.log.error("certificate can't be read again", [.error: .describing(error)])
                    }
                }
            }
        }
    }

    // MARK: Stopping

    /// Takes no new clients, tells the others to go to another node, and leaves once all is written.
    private func stop(_ worker: Worker, _ signal: Int32) {
        guard context.readiness.missing.contains(.staying) == false else { return }
        context.readiness.set(.staying, false)
        worker.log.info("gateway stopping", [.signal: .number(signal)])
        let config = context.config
        let deadline = MonotonicClock.nowMilliseconds() + config.shutdownTimeout
        worker.loop.spawn { [self] in
            // Balancers look now and then: until they have seen that the node isn't ready, they send clients here.
            if config.shutdownDelay > 0 { await worker.loop.sleep(milliseconds: config.shutdownDelay) }
            let time = config.shutdownTimeout - config.shutdownDelay
            for reference in workers { reference.run { Drain.begin($0, time: time) } }
            while context.metrics.connections.value > 0, MonotonicClock.nowMilliseconds() < deadline {
                await worker.loop.sleep(milliseconds: 50)
            }
            await flushCursors(from: worker.loop)
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                registry.run { registry in
                    registry.loop.spawn {
                        await registry.stop()
                        continuation.resume()
                    }
                }
            }
            worker.log.info("gateway stopped")
            worker.log.flush()
            for loop in loops { loop.post { loop.stop() } }
        }
    }

    /// Has PostgreSQL take what has moved in the last moment: Redis forgets it some day.
    private func flushCursors(from loop: EventLoop) async {
        for reference in workers {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                reference.run { worker in
                    worker.loop.spawn {
                        await worker.cursors.flushNow()
                        loop.post { continuation.resume() }
                    }
                }
            }
        }
    }
}
