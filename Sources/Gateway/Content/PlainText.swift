/// What is taken out of users' text before anybody sees it: what nobody types, and what changes how the text around it is
/// shown (Unicode Technical Report 36, section 2.10; Unicode Standard Annex 9, section 2).
///
/// U+0000 and halves of surrogate pairs never get here: the JSON parser refuses them, and what isn't UTF-8.
enum PlainText {
    /// The text without control characters but TAB, LF and CR, and without bidirectional overrides; each embedding and isolate ends
    /// within it, and none is ended that began outside.
    static func cleaned(_ text: String) -> String {
        guard text.utf8.contains(where: isSuspect) else { return text }
        var output = String.UnicodeScalarView()
        var bidi = BidiNesting()
        for scalar in text.unicodeScalars where !isControl(scalar) && bidi.takes(scalar) { output.append(scalar) }
        output.append(contentsOf: bidi.closers)
        return String(output)
    }

    /// Whether nobody sees anything of a text: white space, and what Unicode leaves undrawn (Default_Ignorable_Code_Point), or draws
    /// as nothing.
    static func isBlank(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            let properties = scalar.properties
            return properties.isWhitespace || properties.isDefaultIgnorableCodePoint
                || properties.generalCategory == .format || scalar == brailleBlank
        }
    }

    /// A pattern of no dots.
    private static let brailleBlank: Unicode.Scalar = "\u{2800}"

    /// Whether a byte of UTF-8 may belong to something that is taken out; true also for much that isn't.
    private static func isSuspect(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09 && byte != 0x0A && byte != 0x0D) || byte == 0x7F || byte == 0xC2 || byte == 0xE2
    }

    /// C0, DEL and C1.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0..<0x20, 0x7F..<0xA0: true
        default: false
        }
    }
}

/// Follows the bidirectional formatting characters of a text.
private struct BidiNesting {
    private enum Level {
        case embedding
        case isolate
    }

    private static let leftToRightEmbedding: UInt32 = 0x202A
    private static let rightToLeftEmbedding: UInt32 = 0x202B
    private static let popEmbedding: Unicode.Scalar = "\u{202C}"
    private static let overrides: ClosedRange<UInt32> = 0x202D...0x202E
    private static let isolateStarts: ClosedRange<UInt32> = 0x2066...0x2068
    private static let popIsolate: Unicode.Scalar = "\u{2069}"

    private var open: [Level] = []
    /// How many of them are isolates, so that nothing is searched for in vain.
    private var isolates = 0

    /// Whether a character stays; one that ends what isn't open doesn't.
    mutating func takes(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case Self.overrides: return false
        case Self.leftToRightEmbedding, Self.rightToLeftEmbedding: open.append(.embedding)
        case Self.isolateStarts:
            open.append(.isolate)
            isolates += 1
        case Self.popEmbedding.value:
            guard open.last == .embedding else { return false }
            open.removeLast()
        case Self.popIsolate.value:
            guard isolates > 0 else { return false }
            isolates -= 1
            while open.popLast() == .embedding {}
        default: break
        }
        return true
    }

    /// What ends everything that is still open.
    var closers: [Unicode.Scalar] {
        open.reversed().map { $0 == .embedding ? Self.popEmbedding : Self.popIsolate }
    }
}
