internal import Shared

/// Whether a balancer should send clients here; any thread may ask.
final class Readiness: Sendable {
    /// What has to hold.
    enum Condition: String, CaseIterable, Sendable {
        /// The stores' format was checked and the tables are up to date.
        case started
        /// What is published comes back.
        case pubSub = "pub_sub"
        /// The node's heartbeat stands in Redis, and all its sessions are registered.
        case registered
        /// The node isn't about to stop.
        case staying
    }

    private let holding = Locked<Set<Condition>>([.staying])

    func set(_ condition: Condition, _ holds: Bool) {
        holding.withLock { holding in
            if holds { holding.insert(condition) } else { holding.remove(condition) }
        }
    }

    /// What doesn't hold; empty when the node is ready.
    var missing: [Condition] {
        let holding = holding.withLock { $0 }
        return Condition.allCases.filter { !holding.contains($0) }
    }
}
