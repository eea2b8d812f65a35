internal import Shared

/// One-time tickets for the handshake, for clients that can't send a header: the URL of a WebSocket ends up in logs, and a
/// ticket is worth nothing by then.
///
/// Redis knows a ticket by its digest, so that who reads Redis has none. Confined to its worker's loop.
struct Tickets {
    /// Milliseconds that a ticket lives.
    static let lifetime: Int64 = 60_000

    private let redis: RedisConnection

    init(_ redis: RedisConnection) {
        self.redis = redis
    }

    /// Makes a ticket that stands for a token's owner, until the token's own end.
    func issue(_ identity: Identity) async throws(RedisError) -> String {
        let ticket = Base64.encodeURL(SecureRandom.bytes(24))
        var command = RedisCommand.housekeeping("SET", Self.key(ticket))
        command.add(JSONWriter.bytes(.object(identity.json)))
        for word in ["PX", String(Self.lifetime), "NX"] { command.add(word) }
        _ = try await redis.call(command)
        return ticket
    }

    /// Who a ticket stands for, and its end; nil where there is none.
    func redeem(_ ticket: String) async throws(RedisError) -> Identity? {
        guard let json = try await redis.call("GETDEL", Self.key(ticket)).bytes,
            let object = (try? JSONParser.parse(json))?.object
        else { return nil }
        return Identity(json: object)
    }

    private static func key(_ ticket: String) -> String {
        Keys.ticket(Hex.encode(SHA256.digest(Array(ticket.utf8))))
    }
}

extension Identity {
    /// What a ticket keeps of its owner's token.
    var json: JSONObject {
        JSONObject([
            ("user", .string(user.description)), ("senderType", .string(senderType)),
            ("roles", .array(roles.map { .string($0) })), ("expiresAt", .integer(expiresAt)),
            ("issuedAt", .integer(issuedAt)), ("tokenId", tokenID.map { .string($0) } ?? .null),
        ])
    }

    /// Reads what `json` wrote.
    init?(json: JSONObject) {
        guard let user = json["user"]?.string.flatMap({ UUID($0) }), let senderType = json["senderType"]?.string,
            let roles = json["roles"]?.array?.compactMap(\.string), let expiresAt = json["expiresAt"]?.integer,
            let issuedAt = json["issuedAt"]?.integer
        else { return nil }
        self.init(
            user: user, senderType: senderType, roles: roles, expiresAt: expiresAt, issuedAt: issuedAt,
            tokenID: json["tokenId"]?.string)
    }
}
