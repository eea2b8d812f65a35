/// Reads settings from environment variables and collects what is wrong with them.
///
/// Reading never fails: a setting with an error has its default, and `finish` tells all errors at once.
public struct ConfigReader: Sendable {
    private let environment: [String: String]
    private let known: [AnySetting]
    private var problems: [String] = []
    private var failed: Set<String> = []

    /// Makes a reader; `known` are the settings of all programs, because they may share one environment.
    public init(environment: [String: String], known: [AnySetting]) {
        self.environment = environment
        self.known = known
    }

    /// The setting's value, or its default.
    public mutating func read<Value>(_ setting: Setting<Value>) -> Value {
        let declaration = setting.declaration
        guard let text = environment[declaration.variable], setting.takesEmpty || !text.isEmpty else {
            if declaration.isRequired { fail(setting, "is required: \(declaration.allowed)") }
            return setting.substitute
        }
        guard let value = setting.parse(text) else {
            fail(setting, "must be \(declaration.allowed)")
            return setting.substitute
        }
        return value
    }

    /// Notes that a setting's value is wrong for the reason given, unless something was wrong with it already.
    public mutating func fail<Value>(_ setting: Setting<Value>, _ reason: String) {
        check(false, [setting.declaration], reason)
    }

    /// Notes the reason under the first of the settings unless they fit together.
    ///
    /// Nothing is noted when one of them was wrong already: what was compared is then a default.
    public mutating func check(_ fits: Bool, _ settings: [AnySetting], _ reason: String) {
        guard !fits, let first = settings.first, failed.isDisjoint(with: settings.map(\.name)) else { return }
        failed.insert(first.name)
        problems.append("\(shown(first)): \(reason)")
    }

    /// Throws when anything was wrong, variables that no program knows included.
    public func finish() throws(ConfigErrors) {
        let all = problems + unknownVariables()
        if !all.isEmpty { throw ConfigErrors(problems: all) }
    }

    private func shown(_ setting: AnySetting) -> String {
        guard let value = environment[setting.variable], !value.isEmpty else { return setting.variable }
        return setting.isSecret ? "\(setting.variable)=(hidden)" : "\(setting.variable)=\(Self.printable(value))"
    }

    /// A misspelt variable would otherwise leave its default in force, and nobody would notice.
    private func unknownVariables() -> [String] {
        let names = known.map(\.variable)
        return environment.keys.sorted().compactMap { variable in
            guard variable.hasPrefix(AnySetting.prefix), !names.contains(variable),
                !SettingsRegistry.isForeign(variable)
            else { return nil }
            // The value isn't shown: it may be a secret under a misspelt name.
            let problem = "\(Self.printable(variable)): unknown setting"
            guard let meant = EditDistance.nearest(to: variable, among: names) else { return problem }
            return "\(problem); did you mean \(meant)?"
        }
    }

    /// The text in one line and not too long.
    private static func printable(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars.prefix(80) {
            let isControl = scalar.properties.generalCategory == .control || scalar.properties.isWhitespace
            line.unicodeScalars.append(isControl && scalar != " " ? "\u{FFFD}" : scalar)
        }
        return text.unicodeScalars.count > 80 ? line + "…" : line
    }
}
