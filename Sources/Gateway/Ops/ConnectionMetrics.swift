internal import Shared

/// What one loop has to do with its clients, as `/metrics` tells it.
///
/// Told at the end of each turn, so that other threads read numbers that belong together but for a turn under way.
struct ConnectionMetrics {
    private let count = Gauge()
    private let unsentBytes = Gauge()
    private let writes = Gauge()

    /// Registers them for a loop.
    init(_ registry: MetricsRegistry, loop: Int) {
        let labels = [("loop", String(loop))]
        registry.observe("parley_loop_connections", help: "Open client connections of a loop.", labels: labels) {
            [count] in Double(count.value)
        }
        registry.observe(
            "parley_loop_unsent_bytes", help: "Memory that waits for clients that haven't taken it.", labels: labels
        ) { [unsentBytes] in Double(unsentBytes.value) }
        registry.observe(
            "parley_loop_writes_total",
            help: "Writes to clients' sockets; by parley_deliveries_total they tell how much leaves together.",
            labels: labels, type: .counter
        ) { [writes] in Double(writes.value) }
    }

    /// Takes the numbers of this turn.
    func note(_ connections: ConnectionSet) {
        count.set(connections.count)
        unsentBytes.set(connections.unsent.byteCount)
        writes.set(connections.writeCount)
    }
}
