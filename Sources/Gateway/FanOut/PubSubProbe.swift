internal import Shared

/// Proves every two seconds that what is published comes back on the pub/sub connection; a health check that stays green
/// while fan-out is dead is worse than none.
///
/// Confined to the hub's loop.
final class PubSubProbe {
    /// Milliseconds between probes, and what one has to come back.
    private static let interval: Int64 = 2_000
    /// After so many misses in a row the node isn't ready.
    private static let tolerated = 2

    private let channel: String
    private let redis: RedisConnection
    private let hub: Hub
    private let readiness: Readiness
    private var isOutstanding = false
    private var missed = 0

    init(node: String, redis: RedisConnection, hub: Hub, readiness: Readiness) {
        channel = "probe:\(node)"
        self.redis = redis
        self.hub = hub
        self.readiness = readiness
    }

    func start() {
        hub.subscriber.subscribe(channel)
        hub.onOtherMessage = { [weak self] channel in self?.received(channel) }
        probe()
        hub.loop.scheduleRepeating(every: Self.interval) { [weak self] in
            self?.probe()
            return self != nil
        }
    }

    private func received(_ name: [UInt8]) {
        guard name.elementsEqual(channel.utf8) else { return }
        isOutstanding = false
        missed = 0
        readiness.set(.pubSub, true)
    }

    private func probe() {
        if isOutstanding {
            missed += 1
            hub.metrics.probesMissed.increment()
            hub.log.warning("pub/sub probe missed", [.count: .number(missed)])
            if missed > Self.tolerated { readiness.set(.pubSub, false) }
            if hub.subscriber.isReady { hub.subscriber.reconnect() }
        }
        isOutstanding = true
        redis.send(RedisCommand("PUBLISH", channel, "1")) { _ in }
    }
}
