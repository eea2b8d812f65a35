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
    private var state = State.awaitingConfirmation
    private var missed = 0

    private enum State {
        /// Redis hasn't confirmed the probe's channel on the present connection.
        case awaitingConfirmation
        case idle
        /// A probe is due; it couldn't be published, which says nothing of the pub/sub connection.
        case due
        /// A probe is being published.
        case leaving
        /// A probe was published and hasn't come back.
        case outstanding
    }

    init(node: String, redis: RedisConnection, hub: Hub, readiness: Readiness) {
        channel = "probe:\(node)"
        self.redis = redis
        self.hub = hub
        self.readiness = readiness
    }

    func start() {
        hub.subscriber.subscribe(channel)
        hub.onOtherMessage = { [weak self] channel in self?.received(channel) }
        hub.onOtherConfirmed = { [weak self] channel in self?.confirmed(channel) }
        redis.onReady { [weak self] in self?.publishIfDue() }
        hub.loop.scheduleRepeating(every: Self.interval) { [weak self] in
            self?.tick()
            return self != nil
        }
    }

    private func received(_ name: [UInt8]) {
        guard name.elementsEqual(channel.utf8) else { return }
        state = .idle
        missed = 0
        readiness.set(.pubSub, true)
    }

    private func confirmed(_ name: String) {
        if name == channel { publish() }
    }

    private func publish() {
        state = .leaving
        redis.send(RedisCommand("PUBLISH", channel, "1")) { [weak self] result in
            guard let self, state == .leaving else { return }
            switch result {
            case .success: state = .outstanding
            case .failure: state = .due
            }
        }
    }

    /// The connection that probes are published on is back.
    private func publishIfDue() {
        if state == .due { publish() }
    }

    private func tick() {
        guard state != .idle else { return publish() }
        missed += 1
        hub.metrics.probesMissed.increment()
        hub.log.warning("pub/sub probe missed", [.count: .number(missed)])
        if missed > Self.tolerated { readiness.set(.pubSub, false) }
        switch state {
        case .idle, .leaving: break
        case .due: publish()
        case .awaitingConfirmation, .outstanding:
            state = .awaitingConfirmation
            if hub.subscriber.isReady { hub.subscriber.reconnect() }
        }
    }
}
