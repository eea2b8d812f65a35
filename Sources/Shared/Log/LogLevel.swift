/// How severe a log line is.
public enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    /// What only a developer wants.
    case debug
    /// What happened.
    case info
    /// What somebody should look at one day.
    case warning
    /// What somebody should look at now.
    case error

    /// The word in configuration and in log lines.
    public var name: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// Less severe levels come first.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// How log lines are written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// `key=value` pairs, for people and for grep.
    case logfmt
    /// One JSON object per line, for log stores.
    case json
}
