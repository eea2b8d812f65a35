/// One setting of a program: an environment variable `PARLEY_…` with a type, limits and a default.
///
/// A setting whose type is an optional may be left out. A setting with another type has a default, or is required.
public struct Setting<Value: Sendable>: Sendable {
    /// What the setting looks like from outside.
    public let declaration: AnySetting
    /// The default; for a required setting something harmless to go on with, because all errors are told at once.
    let substitute: Value
    /// Whether an empty value is a value; otherwise it counts as not set, as container tools leave it.
    let takesEmpty: Bool
    /// Reads a value; nil when it isn't allowed.
    let parse: @Sendable (String) -> Value?

    /// The name without `PARLEY_`.
    public var name: String { declaration.name }

    init(
        _ declaration: AnySetting, substitute: Value, takesEmpty: Bool = false,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.declaration = declaration
        self.substitute = substitute
        self.takesEmpty = takesEmpty
        self.parse = parse
    }

    /// A setting with a form of its own: `allowed` names the form, `parse` returns nil for what hasn't got it.
    ///
    /// The default must have the form.
    public static func parsed(
        _ name: String, default text: String, allowed: String, isSecret: Bool = false, _ help: String,
        parse: @escaping @Sendable (String) -> Value?
    ) -> Setting {
        guard let value = parse(text) else { preconditionFailure("the default of \(name) isn't allowed") }
        let declaration = AnySetting(
            name: name, allowed: allowed, defaultText: text, isRequired: false, isSecret: isSecret, help: help)
        return Setting(declaration, substitute: value, parse: parse)
    }

    /// The same for a setting that may be left out.
    public static func parsed<Wrapped>(
        _ name: String, allowed: String, isSecret: Bool = false, _ help: String,
        parse: @escaping @Sendable (String) -> Wrapped?
    ) -> Setting where Value == Wrapped? {
        let declaration = AnySetting(
            name: name, allowed: allowed, defaultText: nil, isRequired: false, isSecret: isSecret, help: help)
        return Setting(declaration, substitute: nil) { text in parse(text).map { .some($0) } }
    }

    /// One of some values, each with the word for it.
    ///
    /// The default must be one of them.
    public static func choice(
        _ name: String, default value: Value, _ choices: [(word: String, value: Value)], _ help: String
    ) -> Setting where Value: Equatable {
        guard let word = choices.first(where: { $0.value == value })?.word else {
            preconditionFailure("the default of \(name) is no choice")
        }
        let allowed = "one of " + choices.map(\.word).joined(separator: ", ")
        return .parsed(name, default: word, allowed: allowed, help) { text in
            choices.first { $0.word == text }?.value
        }
    }
}

extension Setting where Value: RawRepresentable<String> & CaseIterable & Equatable {
    /// One of an enumeration's cases, by raw value.
    public static func choice(_ name: String, default value: Value, _ help: String) -> Setting {
        .choice(name, default: value, Value.allCases.map { ($0.rawValue, $0) }, help)
    }
}
