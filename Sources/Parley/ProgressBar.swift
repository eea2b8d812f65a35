internal import Shared

/// How far long work has got, on one line of a terminal that is written again; a line each ten seconds where it is no terminal.
struct ProgressBar {
    private static let width = 30
    /// Milliseconds between two lines in a terminal, and elsewhere.
    private static let pauses: (terminal: Int64, elsewhere: Int64) = (100, 10_000)

    private let isTerminal = StandardStreams.isErrorTerminal
    private var next: Int64 = 0

    /// Shows that so much of `total` is done, with a word about it.
    mutating func show(_ done: Int, of total: Int, _ words: String) {
        let now = MonotonicClock.nowMilliseconds()
        guard now >= next || done >= total else { return }
        next = now + (isTerminal ? Self.pauses.terminal : Self.pauses.elsewhere)
        let line = Self.line(done, of: total, words)
        StandardStreams.writeError(isTerminal ? "\r\(line)\u{1B}[K" : line + "\n")
    }

    /// Leaves the line.
    func end() {
        if isTerminal { StandardStreams.writeError("\n") }
    }

    static func line(_ done: Int, of total: Int, _ words: String) -> String {
        let share = total > 0 ? min(done, total) * width / total : width
        let bar = String(repeating: "#", count: share) + String(repeating: ".", count: width - share)
        return "[\(bar)] \(done) of \(total), \(words)"
    }
}
