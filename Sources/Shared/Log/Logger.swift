/// Writes structured lines: a constant message and named fields.
///
/// Confined to one event loop: lines gather in a buffer, and `flush` at the end of the turn writes them with one call.
/// When the reader of the log is too slow the buffer fills; further lines are dropped, counted, and told of later:
/// neither memory nor the loop's time depends on who reads the log.
public final class Logger {
    /// How much may wait for the log's reader, in bytes.
    public static let maximumBuffer = 1 << 20

    /// The least severe level that is written.
    public var level: LogLevel
    /// How many lines were dropped since the start.
    public private(set) var droppedLines = 0

    private let line: LogLine
    private let base: [UInt8]
    private let output: LogOutput
    private let now: () -> Int64
    private var buffer: [UInt8] = []
    private var droppedSinceTold = 0
    /// Whether the output still has the rest of a line that this logger gave it.
    private var owesRest = false

    /// Makes a logger that writes to a descriptor; every line has the `base` fields.
    ///
    /// `now` tells milliseconds since the Unix epoch.
    public init(
        level: LogLevel, format: LogFormat, descriptor: Int32 = 1, base: [(LogKey, LogValue)],
        now: @escaping () -> Int64 = WallClock.nowMilliseconds
    ) {
        self.level = level
        self.now = now
        line = LogLine(format: format)
        output = LogOutput.of(descriptor)
        var fields: [UInt8] = []
        for (key, value) in base { line.field(key.rawValue, value, to: &fields) }
        self.base = fields
    }

    /// Whether lines of a level are written at all.
    @inlinable
    public func writes(_ level: LogLevel) -> Bool { level.rawValue >= self.level.rawValue }

    /// Logs what only a developer wants; the fields are made only if it is written.
    @inlinable
    public func debug(
        _ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<LogKey, LogValue> = [:]
    ) {
        if writes(.debug) { append(.debug, message, fields()) }
    }

    /// Logs what happened; the fields are made only if it is written.
    @inlinable
    public func info(
        _ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<LogKey, LogValue> = [:]
    ) {
        if writes(.info) { append(.info, message, fields()) }
    }

    /// Logs what somebody should look at one day; the fields are made only if it is written.
    @inlinable
    public func warning(
        _ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<LogKey, LogValue> = [:]
    ) {
        if writes(.warning) { append(.warning, message, fields()) }
    }

    /// Logs what somebody should look at now; the fields are made only if it is written.
    @inlinable
    public func error(
        _ message: StaticString, _ fields: @autoclosure () -> KeyValuePairs<LogKey, LogValue> = [:]
    ) {
        if writes(.error) { append(.error, message, fields()) }
    }

    /// Writes what has gathered; returns whether nothing is left, else the caller tries again a little later.
    @discardableResult
    public func flush() -> Bool {
        guard !buffer.isEmpty || owesRest else { return true }
        guard drain() else {
            drop(buffer.count { $0 == UInt8(ascii: "\n") })
            buffer = []
            return true
        }
        if droppedSinceTold > 0, buffer.isEmpty {
            let count = droppedSinceTold
            droppedSinceTold = 0
            append(.warning, "log lines dropped", [.count: .number(count)])
            if !drain() {
                buffer = []
                droppedSinceTold = count
            }
        }
        return buffer.isEmpty && !owesRest
    }

    @usableFromInline
    func append(_ level: LogLevel, _ message: StaticString, _ fields: KeyValuePairs<LogKey, LogValue>) {
        let start = buffer.count
        line.begin(now(), level, message, to: &buffer)
        buffer.append(contentsOf: base)
        for (key, value) in fields { line.field(key.rawValue, value, to: &buffer) }
        line.end(to: &buffer)
        guard buffer.count > Self.maximumBuffer else { return }
        buffer.removeLast(buffer.count - start)
        drop(1)
    }

    /// Writes as much as goes; returns false when the output is of no use.
    private func drain() -> Bool {
        guard let (count, isOut) = output.write(buffer) else {
            owesRest = false
            return false
        }
        owesRest = !isOut
        if count == buffer.count {
            // A burst's capacity isn't kept.
            buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 16)
        } else {
            buffer.removeFirst(count)
        }
        return true
    }

    private func drop(_ lines: Int) {
        droppedLines += lines
        droppedSinceTold += lines
    }
}

/// A logger belongs to one loop.
@available(*, unavailable)
extension Logger: Sendable {}
