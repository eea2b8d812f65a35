/// The release that this build belongs to.
public enum Version {
    /// Semantic version, as `--version`, `/healthz` and the STOMP `server` header show it.
    public static let current = "0.1.0"
}
