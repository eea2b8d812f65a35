/// The id of an event of a conversation, and of the message that an event has brought: 0 to 2^53 - 1, so that JavaScript reads it
/// exactly.
///
/// An id is milliseconds since 2025 times 4096 plus twelve random bits. What comes from outside becomes an id by one of the
/// failable initialisers or not at all, so that no arithmetic on ids can overflow.
public struct EventID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Ids per millisecond.
    public static let perMillisecond: Int64 = 4096
    /// 2025-01-01T00:00:00Z in milliseconds since the Unix epoch, from which ids count.
    private static let epoch: Int64 = 1_735_689_600_000

    /// The place before a conversation's first event.
    public static let zero = EventID(clamping: 0)
    /// At or above every event; no event gets this id itself.
    public static let highest = EventID(clamping: .max)

    /// The number.
    public let rawValue: Int64

    /// Nil for a number that is no id.
    public init?(rawValue: Int64) {
        guard rawValue >= 0, rawValue < 1 << 53 else { return nil }
        self.rawValue = rawValue
    }

    /// Reads decimal digits; nil for anything else, an empty text too.
    public init?(_ digits: some Collection<UInt8>) {
        guard let number = Decimal.parse(digits) else { return nil }
        self.init(rawValue: number)
    }

    /// The lowest id of a moment in milliseconds since the Unix epoch; the nearest id where it is out of range.
    public init(at milliseconds: Int64) {
        let (elapsed, overflows) = milliseconds.subtractingReportingOverflow(Self.epoch)
        guard !overflows, elapsed > 0 else { self = milliseconds > 0 && overflows ? .highest : .zero; return }
        let (number, isTooMuch) = elapsed.multipliedReportingOverflow(by: Self.perMillisecond)
        self.init(clamping: isTooMuch ? .max : number)
    }

    private init(clamping number: Int64) {
        rawValue = min(max(number, 0), 1 << 53 - 1)
    }

    /// The time that the id carries, in milliseconds since the Unix epoch.
    public var milliseconds: Int64 { rawValue / Self.perMillisecond + Self.epoch }

    /// The id after this one; the highest is its own.
    public var next: EventID { EventID(clamping: rawValue + 1) }

    /// The id before this one; 0 is its own.
    public var previous: EventID { EventID(clamping: rawValue - 1) }

    /// The id so many milliseconds earlier or, where they are negative, later; the nearest id where that is out of range.
    public func earlier(byMilliseconds milliseconds: Int64) -> EventID {
        let (distance, isTooMuch) = milliseconds.multipliedReportingOverflow(by: Self.perMillisecond)
        guard !isTooMuch else { return milliseconds > 0 ? .zero : .highest }
        let (number, overflows) = rawValue.subtractingReportingOverflow(distance)
        return overflows ? .highest : EventID(clamping: number)
    }

    /// The digits.
    public var description: String { String(rawValue) }

    /// By the number.
    public static func < (left: EventID, right: EventID) -> Bool { left.rawValue < right.rawValue }
}

// MARK: In the stores and in JSON

extension JSON {
    /// An id as a number.
    public static func id(_ id: EventID) -> JSON { .integer(id.rawValue) }

    /// The id that a number is, nil for every other value.
    public var eventID: EventID? { integer.flatMap { EventID(rawValue: $0) } }
}

extension RedisCommand {
    /// Adds an argument that is an event id.
    public mutating func add(_ id: EventID) { add(id.rawValue) }
}

extension RedisReply {
    /// An event id, be it a number or its digits.
    public var eventID: EventID? { integer.flatMap { EventID(rawValue: $0) } }
}

extension PostgresValue {
    /// bigint
    public static func id(_ id: EventID) -> PostgresValue { .integer(id.rawValue) }

    /// bigint[]
    public static func ids(_ ids: [EventID]) -> PostgresValue { .integers(ids.map(\.rawValue)) }
}

extension PostgresRow {
    /// A bigint that is an event id.
    public func eventID(_ column: Int) -> EventID? { integer(column).flatMap { EventID(rawValue: $0) } }
}

extension LogValue {
    /// An event id as a number.
    public static func id(_ id: EventID) -> LogValue { .integer(id.rawValue) }
}
