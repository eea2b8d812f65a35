/// Takes a file of SQL apart into its statements (chapter 4.1 of PostgreSQL's manual): a semicolon ends one, but not within
/// quotes, dollar quotes or comments.
struct SQLStatements {
    private let text: [UInt8]
    private var at = 0
    private var start = 0
    /// Whether there is anything but blanks and comments since the last semicolon.
    private var hasWords = false
    private var statements: [String] = []

    /// The statements of a file without their semicolons, blanks and comments around them left out.
    static func split(_ sql: some Sequence<UInt8>) -> [String] {
        var splitter = SQLStatements(text: Array(sql))
        splitter.run()
        return splitter.statements
    }

    private init(text: [UInt8]) {
        self.text = text
    }

    private mutating func run() {
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: ";"):
                end()
                at += 1
                start = at
            case UInt8(ascii: "-") where follows("--"): skipLine()
            case UInt8(ascii: "/") where follows("/*"): skipComment()
            case UInt8(ascii: "'"), UInt8(ascii: "\""): skipQuoted(text[at])
            case UInt8(ascii: "$"): skipDollarQuoted()
            case let byte:
                // What stands before the first word isn't the statement's.
                if !hasWords, !Self.isBlank(byte) { start = at }
                hasWords = hasWords || !Self.isBlank(byte)
                at += 1
            }
        }
        end()
    }

    private mutating func end() {
        defer { hasWords = false }
        guard hasWords else { return }
        var end = at
        while end > start, Self.isBlank(text[end - 1]) { end -= 1 }
        statements.append(String(decoding: text[start..<end], as: UTF8.self))
    }

    private func follows(_ words: String) -> Bool { text[at...].starts(with: words.utf8) }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private mutating func skipLine() {
        while at < text.count, text[at] != 0x0A { at += 1 }
    }

    /// Comments nest.
    private mutating func skipComment() {
        var depth = 0
        repeat {
            if follows("/*") {
                depth += 1
                at += 2
            } else if follows("*/") {
                depth -= 1
                at += 2
            } else {
                at += 1
            }
        } while at < text.count && depth > 0
    }

    /// A quote within is doubled, which makes two quoted texts beside each other.
    private mutating func skipQuoted(_ quote: UInt8) {
        beginWord()
        repeat { at += 1 } while at < text.count && text[at] != quote
        at = min(text.count, at + 1)
    }

    /// `$$…$$` or `$name$…$name$`; a dollar elsewhere is a parameter's, or part of a name.
    private mutating func skipDollarQuoted() {
        beginWord()
        var end = at + 1
        while end < text.count, text[end] == UInt8(ascii: "_") || Self.isLetter(text[end]) { end += 1 }
        guard end < text.count, text[end] == UInt8(ascii: "$") else {
            at += 1
            return
        }
        let tag = text[at...end]
        at = end + 1
        while at < text.count, !text[at...].starts(with: tag) { at += 1 }
        at = min(text.count, at + tag.count)
    }

    private mutating func beginWord() {
        if !hasWords { start = at }
        hasWords = true
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
