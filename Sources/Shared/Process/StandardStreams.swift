internal import Glibc

/// Text for the person at the terminal, written at once and whole.
public enum StandardStreams {
    /// Writes to standard output.
    public static func write(_ text: String) { writeAll(text, to: STDOUT_FILENO) }

    /// Writes to standard error.
    public static func writeError(_ text: String) { writeAll(text, to: STDERR_FILENO) }

    /// Whether somebody may be looking at standard error while it is written.
    public static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes until everything is out or the stream is of no use: there is nobody left to tell.
    static func writeAll(_ text: String, to descriptor: Int32) {
        var rest = ArraySlice(Array(text.utf8))
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                // Whoever started the process may have left the stream non-blocking.
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
