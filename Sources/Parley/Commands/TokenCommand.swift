internal import Shared

/// `parley token`: signs a token for a user with the deployment's HS256 secret.
enum TokenCommand {
    private static let minimumSecret = 32

    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        var options = options
        guard let text = options.take("user") else { throw .usage("--user is missing") }
        guard let user = UUID(text) else { throw .usage("--user must be a UUID") }
        let role = options.take("role")
        let name = options.take("name")
        let senderType = options.take("sender-type")
        if let senderType, !JWTClaims.senderTypes.contains(senderType) {
            throw .usage("--sender-type must be one of \(JWTClaims.senderTypes.joined(separator: ", "))")
        }
        let id = options.take("jti")
        let lifetime = options.take("ttl") ?? "1h"
        try options.finish()
        guard let milliseconds = DurationText.parse(lifetime), milliseconds >= 1_000 else {
            throw .usage("--ttl must be a duration such as 30m or 24h")
        }
        guard let secret = environment["PARLEY_JWT_SECRET"], secret.utf8.count >= minimumSecret else {
            throw .failed("PARLEY_JWT_SECRET must be set to the deployment's secret of \(minimumSecret) bytes or more")
        }
        let now = WallClock.nowMilliseconds() / 1_000
        var claims = JSONObject([
            ("sub", .string(user.description)), ("iat", .integer(now)), ("exp", .integer(now + milliseconds / 1_000)),
        ])
        if let issuer = environment["PARLEY_JWT_ISSUER"] { claims["iss"] = .string(issuer) }
        if let audience = environment["PARLEY_JWT_AUDIENCE"] { claims["aud"] = .string(audience) }
        if let id { claims["jti"] = .string(id) }
        if let role { claims["role"] = .string(role) }
        if let name { claims["name"] = .string(name) }
        if let senderType { claims["sender_type"] = .string(senderType) }
        StandardStreams.write(JWTSigner.sign(claims, secret: Array(secret.utf8)) + "\n")
    }
}
