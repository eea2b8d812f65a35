/// Makes tokens signed with HS256, for development and operation.
public enum JWTSigner {
    private static let header = Base64.encodeURL(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))

    /// The token that says these claims.
    public static func sign(_ claims: JSONObject, secret: [UInt8]) -> String {
        let message = header + "." + Base64.encodeURL(JSONWriter.bytes(.object(claims)))
        return message + "." + Base64.encodeURL(HMACSHA256.digest(key: secret, Array(message.utf8)))
    }
}
