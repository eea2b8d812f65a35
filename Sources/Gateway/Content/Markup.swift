internal import Shared

/// What keeps markup in users' text from running where a client shows it as HTML.
extension MarkupPolicy {
    /// U+2060 WORD JOINER: it is not seen, and takes no line break with it.
    private static let joiner: Unicode.Scalar = "\u{2060}"

    /// How many Unicode characters a text has, without the joiners that it got here before: an edit sends them back.
    static func characterCount(of text: String) -> Int {
        var count = 0
        var isBehindBracket = false
        for scalar in text.unicodeScalars {
            if !isBehindBracket || scalar != joiner { count += 1 }
            isBehindBracket = scalar == "<"
        }
        return count
    }

    /// The text as it is stored and sent.
    func applied(to text: String) -> String {
        switch self {
        case .keep: text
        case .escape: Self.escaped(text)
        case .guarded: Self.guarded(text)
        }
    }

    /// Puts a joiner behind each `<` that could open something.
    ///
    /// A `<` begins a tag, a comment or a processing instruction only in front of a letter, `/`, `!` or `?`; in front of anything else it
    /// is text (HTML Standard, section 13.2.5.6, tag open state). The last one of a text is guarded for what a client may put behind it.
    private static func guarded(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
        var output = String.UnicodeScalarView()
        var isBehindBracket = false
        for scalar in text.unicodeScalars {
            if isBehindBracket, opens(scalar) { output.append(joiner) }
            output.append(scalar)
            isBehindBracket = scalar == "<"
        }
        if isBehindBracket { output.append(joiner) }
        return String(output)
    }

    private static func opens(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "/", "!", "?": true
        default: false
        }
    }

    private static func escaped(_ text: String) -> String {
        var output = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(character)
            }
        }
        return output
    }
}
