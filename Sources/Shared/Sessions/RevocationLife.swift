/// How long a revocation is needed: for as long as a token may count that it is about.
///
/// A gateway knows that only where `PARLEY_JWT_MAX_LIFETIME` bounds the life of tokens, and gateways may be configured
/// differently, or be of a release that knows no bound. So each tells the others for how long it needs a revocation, and
/// nothing goes that one of them may still need.
public enum RevocationLife {
    /// The field of `node:<id>` that tells the seconds; a gateway without it needs revocations for ever.
    public static let field = "revocationSeconds"

    /// Seconds by which the clocks of Redis, of gateways and of issuers may disagree on top of the leeway.
    private static let margin: Int64 = 3_600

    /// The seconds for which a gateway needs a revocation; nil for ever. `lifetime` (0 for any) and `leeway` in
    /// milliseconds.
    public static func seconds(lifetime: Int64, leeway: Int64) -> Int64? {
        // The issuer's clock may be ahead by the leeway, and a token is taken for as long after its end.
        lifetime == 0 ? nil : (lifetime + 2 * leeway) / 1_000 + margin
    }

    /// The seconds for which somebody among the gateways that are alive needs a revocation, by what they tell; nil for ever.
    public static func needed(by nodes: [JSONObject]) -> Int64? {
        let alive = nodes.filter { $0["alive"]?.bool == true }
        let told = alive.compactMap { $0[field]?.integer }
        return told.count == alive.count ? told.max() : nil
    }
}
