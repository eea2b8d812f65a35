internal import Shared

/// `parley revoke`: ends tokens before their time, and the sessions that live by them, on every node.
enum RevokeCommand {
    static func run(_ options: Options, _ environment: [String: String]) throws(CommandFailure) {
        var options = options
        let text = options.take("user")
        let id = options.take("jti")
        try options.finish()
        switch (text, id) {
        case (let text?, nil):
            guard let user = UUID(text) else { throw .usage("--user must be a UUID") }
            _ = try RedisClient.run(environment) { redis async throws(RedisError) in
                try await Revocation.revoke(user: user, redis)
                return []
            }
        case (nil, let id?):
            guard !id.isEmpty else { throw .usage("--jti must not be empty") }
            _ = try RedisClient.run(environment) { redis async throws(RedisError) in
                try await Revocation.revoke(tokenID: id, redis)
                return []
            }
        default: throw .usage("one of --user and --jti is needed")
        }
    }
}
