/// The settings of all programs: they often share one environment, and none may call another's setting unknown.
public enum SettingsRegistry {
    /// Every group, in the order of the documentation.
    public static let groups = CommonSettings.groups + GatewaySettings.groups + PersisterSettings.groups

    /// Every setting.
    public static let all = groups.flatMap(\.settings)

    /// Whether a variable belongs to the operator's command or to the scripts.
    static func isForeign(_ variable: String) -> Bool {
        ["PARLEY_URL", "PARLEY_GATEWAY_URLS", "PARLEY_PORT"].contains(variable) || variable.hasPrefix("PARLEY_PID_")
    }
}
