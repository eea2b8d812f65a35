internal import Synchronization

/// Counts measurements by size, for quantiles; any thread may measure.
public final class Histogram: Sendable {
    /// From a tenth of a millisecond to ten seconds.
    public static let secondsBounds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// The upper bound of each bucket, ascending; what is above the last has a bucket of its own.
    let bounds: [Double]
    private let buckets: [Counter]
    /// The bits of a Double: there is no atomic one.
    private let sumBits = Atomic<UInt64>(0)

    init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds ascend")
        precondition(bounds.allSatisfy(\.isFinite), "the last bucket has no bound")
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Counter() }
    }

    /// Counts a measurement, in seconds if the name says so; one that is not a number is left out.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        // Bounds are inclusive, and few: no search beats a walk.
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        buckets[index].increment()
        var old = sumBits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + value).bitPattern
            let result = sumBits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if result.exchanged { return }
            old = result.original
        }
    }

    /// Counts a duration in milliseconds as seconds.
    public func observe(milliseconds: Int64) { observe(Double(milliseconds) / 1000) }

    /// Counts a duration in nanoseconds as seconds.
    public func observe(nanoseconds: Int64) { observe(Double(nanoseconds) / 1_000_000_000) }

    /// How many measurements there were at or below each bound, then all of them; and their sum.
    ///
    /// A measurement under way may be in one and not yet in the other.
    var snapshot: (cumulative: [Int], sum: Double) {
        var total = 0
        let cumulative = buckets.map { bucket in
            total += bucket.value
            return total
        }
        return (cumulative, Double(bitPattern: sumBits.load(ordering: .relaxed)))
    }
}
