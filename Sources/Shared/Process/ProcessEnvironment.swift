internal import CLinux

/// What the process was started with.
public enum ProcessEnvironment {
    /// The environment variables; the first of a name that stands twice, as getenv(3) has it.
    ///
    /// Bytes that aren't UTF-8 become U+FFFD. Nothing may call setenv(3) meanwhile; no part of Parley does.
    public static var variables: [String: String] {
        var variables: [String: String] = [:]
        guard var entry = parley_environment() else { return variables }
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if parts.count == 2, variables[name] == nil { variables[name] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    /// The arguments after the program's name.
    public static var arguments: [String] { Array(CommandLine.arguments.dropFirst()) }
}
