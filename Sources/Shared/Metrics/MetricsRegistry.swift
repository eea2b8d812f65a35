/// What kind of number a metric is.
public enum MetricType: String, Sendable {
    /// It only grows.
    case counter
    /// It rises and falls.
    case gauge
    /// It counts measurements by size.
    case histogram
}

/// The metrics of a process.
///
/// Registering takes a lock and belongs at start; counting takes none. Asking twice for a name with the same labels
/// gives the same metric, so that loops share theirs.
public final class MetricsRegistry: Sendable {
    enum Metric: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case callback(@Sendable () -> Double)
    }

    /// All metrics of one name.
    struct Family: Sendable {
        let name: String
        let help: String
        let type: MetricType
        /// Each with its labels as they are written, without braces.
        var metrics: [(labels: String, metric: Metric)] = []
    }

    private let families = Locked<[Family]>([])

    /// Makes an empty registry.
    public init() {}

    /// The counter of a name and labels; the name ends in `_total`.
    public func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
        let metric = register(name, help, .counter, labels) { .counter(Counter()) }
        guard case .counter(let counter) = metric else { preconditionFailure("\(name) is read by a callback") }
        return counter
    }

    /// The gauge of a name and labels.
    public func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        let metric = register(name, help, .gauge, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = metric else { preconditionFailure("\(name) is read by a callback") }
        return gauge
    }

    /// The histogram of a name and labels; `buckets` are the upper bounds, ascending.
    public func histogram(
        _ name: String, help: String, labels: [(String, String)] = [], buckets: [Double] = Histogram.secondsBounds
    ) -> Histogram {
        let metric = register(name, help, .histogram, labels) { .histogram(Histogram(bounds: buckets)) }
        guard case .histogram(let histogram) = metric else { preconditionFailure("\(name) is no histogram") }
        return histogram
    }

    /// Registers a number that is read when somebody asks for the metrics, on that thread.
    public func observe(
        _ name: String, help: String, labels: [(String, String)] = [], type: MetricType = .gauge,
        _ read: @escaping @Sendable () -> Double
    ) {
        precondition(type != .histogram, "a callback gives one number")
        _ = register(name, help, type, labels) { .callback(read) }
    }

    /// Everything in Prometheus' text format 0.0.4 (`text/plain; version=0.0.4`).
    public func exposition() -> [UInt8] {
        // Callbacks may take their time, or register something: not under the lock.
        let all = families.withLock { $0 }
        var output: [UInt8] = []
        for family in all { Exposition.append(family, to: &output) }
        return output
    }

    private func register(
        _ name: String, _ help: String, _ type: MetricType, _ labels: [(String, String)], make: () -> Metric
    ) -> Metric {
        precondition(Exposition.isName(name) && labels.allSatisfy { Exposition.isName($0.0) }, "\(name): bad name")
        let written = Exposition.labels(labels)
        return families.withLock { families in
            let index = families.firstIndex { $0.name == name } ?? families.count
            if index == families.count { families.append(Family(name: name, help: help, type: type)) }
            precondition(families[index].type == type, "\(name) is registered as another type")
            if let known = families[index].metrics.first(where: { $0.labels == written }) { return known.metric }
            let metric = make()
            families[index].metrics.append((written, metric))
            return metric
        }
    }
}
