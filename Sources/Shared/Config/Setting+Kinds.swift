extension Setting where Value == String {
    /// A text that isn't empty.
    public static func text(_ name: String, default value: String, _ help: String) -> Setting {
        .parsed(name, default: value, allowed: "a text", help) { $0 }
    }

    /// A text that must be given.
    public static func text(_ name: String, _ help: String) -> Setting {
        required(name, allowed: "a text", isSecret: false, help)
    }

    /// A secret that must be given; its value is never shown.
    public static func secret(_ name: String, _ help: String) -> Setting {
        required(name, allowed: "a secret text", isSecret: true, help)
    }

    /// A URL that `accepts` takes; it may hold a password, so its value is never shown.
    public static func url(
        _ name: String, default value: String, allowed: String, _ help: String,
        accepts: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        .parsed(name, default: value, allowed: allowed, isSecret: true, help) { accepts($0) ? $0 : nil }
    }

    private static func required(_ name: String, allowed: String, isSecret: Bool, _ help: String) -> Setting {
        let declaration = AnySetting(
            name: name, allowed: allowed, defaultText: nil, isRequired: true, isSecret: isSecret, help: help)
        return Setting(declaration, substitute: "") { $0 }
    }
}

extension Setting where Value == String? {
    /// A text that may be left out.
    public static func text(_ name: String, _ help: String) -> Setting {
        .parsed(name, allowed: "a text", help) { (text: String) -> String? in text }
    }

    /// A secret that may be left out; its value is never shown.
    public static func secret(_ name: String, _ help: String) -> Setting {
        .parsed(name, allowed: "a secret text", isSecret: true, help) { (text: String) -> String? in text }
    }
}

extension Setting where Value == Int {
    /// A whole number within limits.
    public static func integer(
        _ name: String, default value: Int, in range: ClosedRange<Int>, _ help: String
    ) -> Setting {
        let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return .parsed(name, default: String(value), allowed: allowed, help) { text in
            Decimal.parse(text.utf8).map { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A size in bytes within limits, with the units KiB, MiB and GiB.
    public static func bytes(
        _ name: String, default value: Int, in range: ClosedRange<Int>, _ help: String
    ) -> Setting {
        let limits = "\(ByteSizeText.format(range.lowerBound)) to \(ByteSizeText.format(range.upperBound))"
        let text = ByteSizeText.format(value)
        return .parsed(name, default: text, allowed: "a size from \(limits)", help) { text in
            ByteSizeText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Setting where Value == Int? {
    /// A size in bytes within limits that may be left out.
    public static func bytes(_ name: String, in range: ClosedRange<Int>, _ help: String) -> Setting {
        let limits = "\(ByteSizeText.format(range.lowerBound)) to \(ByteSizeText.format(range.upperBound))"
        return .parsed(name, allowed: "a size from \(limits)", help) { (text: String) -> Int? in
            ByteSizeText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension Setting where Value == Int64 {
    /// A duration in milliseconds within limits, written like `2s`.
    public static func milliseconds(
        _ name: String, default value: String, in range: ClosedRange<DurationLiteral>, _ help: String
    ) -> Setting {
        let (low, high) = (range.lowerBound.milliseconds, range.upperBound.milliseconds)
        let limits =
            "\(DurationText.format(milliseconds: low)) to \(DurationText.format(milliseconds: high))"
        return .parsed(name, default: value, allowed: "a duration from \(limits)", help) { text in
            DurationText.parse(text).flatMap { $0 >= low && $0 <= high ? $0 : nil }
        }
    }
}

extension Setting where Value == Bool {
    /// A switch: `true` or `false`.
    public static func bool(_ name: String, default value: Bool, _ help: String) -> Setting {
        .parsed(name, default: String(value), allowed: "true or false", help) { Bool($0) }
    }
}

extension Setting {
    /// Elements separated by commas, each read by `parse`; `allowed` names what an element is, in the plural.
    ///
    /// Blanks around an element don't count; an empty value is the empty list, so that a list can be emptied.
    public static func list<Element: Sendable>(
        _ name: String, default text: String, of allowed: String, _ help: String,
        parse: @escaping @Sendable (String) -> Element?
    ) -> Setting where Value == [Element] {
        let parseAll: @Sendable (String) -> [Element]? = { text in
            guard !text.isEmpty else { return [] }
            var elements: [Element] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let trimmed = part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
                guard !trimmed.isEmpty, let element = parse(String(trimmed)) else { return nil }
                elements.append(element)
            }
            return elements
        }
        guard let value = parseAll(text) else { preconditionFailure("the default of \(name) isn't allowed") }
        let declaration = AnySetting(
            name: name, allowed: "\(allowed), separated by commas", defaultText: text, isRequired: false,
            isSecret: false, help: help)
        return Setting(declaration, substitute: value, takesEmpty: true, parse: parseAll)
    }
}

/// A duration in the source, written as in configuration.
public struct DurationLiteral: Sendable, Comparable, ExpressibleByStringLiteral {
    /// The duration in milliseconds.
    public let milliseconds: Int64

    /// Reads the literal, which must be one of `DurationText`.
    public init(stringLiteral text: String) {
        guard let milliseconds = DurationText.parse(text) else { preconditionFailure("\(text) is no duration") }
        self.milliseconds = milliseconds
    }

    /// Shorter durations come first.
    public static func < (left: DurationLiteral, right: DurationLiteral) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
