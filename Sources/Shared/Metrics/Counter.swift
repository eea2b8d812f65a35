internal import Synchronization

/// A number that only grows; any thread may count.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    /// Adds to the count; the amount isn't negative.
    public func increment(by amount: Int = 1) {
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    /// The count so far.
    public var value: Int { count.load(ordering: .relaxed) }
}

/// A number that rises and falls; any thread may change it.
public final class Gauge: Sendable {
    private let level = Atomic<Int>(0)

    /// Begins at 0.
    public init() {}

    /// Replaces the number.
    public func set(_ value: Int) { level.store(value, ordering: .relaxed) }

    /// Changes the number by an amount, which may be negative.
    public func add(_ amount: Int) { level.wrappingAdd(amount, ordering: .relaxed) }

    /// The number now.
    public var value: Int { level.load(ordering: .relaxed) }
}
