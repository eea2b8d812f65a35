/// What INFO says: lines of `name:value` below headings.
public struct RedisInfo: Sendable {
    private let lines: [Substring]

    /// Reads one or several sections.
    public init(_ text: String) {
        lines = text.split(whereSeparator: \.isNewline)
    }

    /// The value of a name; nil where it isn't told.
    public subscript(name: String) -> Substring? {
        lines.first { $0.hasPrefix(name + ":") }?.dropFirst(name.count + 1)
    }
}
