/// What there is to say about a setting whatever its type: for errors, help and the documentation.
public struct AnySetting: Sendable, Equatable {
    /// What every variable starts with.
    public static let prefix = "PARLEY_"

    /// The name without the prefix.
    public let name: String
    /// What values are allowed, as it ends the sentence "must be …".
    public let allowed: String
    /// The value when the variable isn't set; nil when there is none.
    public let defaultText: String?
    /// Whether the program refuses to start without the variable.
    public let isRequired: Bool
    /// Whether a value may hold a secret, and so never appears in an error.
    public let isSecret: Bool
    /// What the setting does, in one line.
    public let help: String

    /// The name of the environment variable.
    public var variable: String { Self.prefix + name }
}

/// Settings that are read together, under a title.
public struct SettingGroup: Sendable, Equatable {
    /// The title in help and documentation.
    public let title: String
    /// The settings in the order of the documentation.
    public let settings: [AnySetting]

    /// Makes a group.
    public init(_ title: String, _ settings: [AnySetting]) {
        self.title = title
        self.settings = settings
    }
}
