internal import Shared

/// What users call their files, made safe to show and to save.
enum FileName {
    /// The longest name in bytes of UTF-8, as file systems have it.
    static let maximumBytes = 255
    private static let longestExtension = 16
    /// What Windows takes in no name; with the angle brackets and the quotation mark nothing is left that begins markup.
    private static let reserved: Set<Unicode.Scalar> = ["<", ">", ":", "\"", "|", "?", "*"]
    /// Names that stand for devices on Windows, whatever their extension.
    private static let devices: Set<String> = Set(
        ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

    /// The last component of what may be a path, without what is invisible or reserved somewhere; never empty.
    static func cleaned(_ text: String) -> String {
        var name = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "/" || scalar == "\\" {
                name = String.UnicodeScalarView()
            } else if !isInvisible(scalar) {
                name.append(reserved.contains(scalar) ? "_" : scalar)
            }
        }
        let whole = trimmed(String(name))
        let isDevice = devices.contains(whole.prefix { $0 != "." }.lowercased())
        let short = trimmed(shortened(isDevice ? "_" + whole : whole))
        return short.isEmpty ? "file" : short
    }

    /// Control characters, line separators and what turns the direction of writing: `invoice_\u{202E}fdp.exe` is shown as if it
    /// ended in `exe.pdf` (Unicode Technical Report 36, section 2.10).
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    /// Without dots and blanks at its ends: they hide a file, or are dropped by file systems.
    private static func trimmed(_ name: String) -> String {
        let isOuter: (Character) -> Bool = { $0 == "." || $0.isWhitespace }
        let rest = name.drop(while: isOuter)
        return rest.lastIndex { !isOuter($0) }.map { String(rest[...$0]) } ?? ""
    }

    /// A name that is too long keeps its extension.
    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > maximumBytes else { return name }
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        let end = name[dot...].utf8.count <= longestExtension ? name[dot...] : name[name.endIndex...]
        var room = maximumBytes - end.utf8.count
        let stem = name[..<end.startIndex].unicodeScalars.prefix { scalar in
            room -= UTF8.width(scalar)
            return room >= 0
        }
        return String(stem) + end
    }
}
