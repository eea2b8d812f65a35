public import Shared

/// Ids in tests are written as numbers.
extension EventID: ExpressibleByIntegerLiteral {
    /// A number that is an id; anything else is a mistake of the test.
    public init(integerLiteral value: Int64) {
        guard let id = EventID(rawValue: value) else { preconditionFailure("\(value) is no event id") }
        self = id
    }
}
