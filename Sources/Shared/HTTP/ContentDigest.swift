/// SHA-256 of content in header fields (RFC 9530): `sha-256=:d435Qo+nKZ+gLcUHn7GQtQ72hiBVAgqoLsZnZPiTGPk=:`.
public enum ContentDigest {
    /// A field's value.
    public static func field(_ digest: [UInt8]) -> String { "sha-256=:\(Base64.encode(digest)):" }

    /// The digests that a message's fields tell, `Content-Digest` and `Repr-Digest`; nil where one is malformed. Other algorithms
    /// than SHA-256 are passed over.
    public static func told(_ headers: HTTPHeaders) -> [[UInt8]]? {
        var digests: [[UInt8]] = []
        for member in headers.list("Content-Digest") + headers.list("Repr-Digest") where member.hasPrefix("sha-256=") {
            let value = member.dropFirst("sha-256=".count)
            guard value.first == ":", value.last == ":", let digest = Base64.decode(value.dropFirst().dropLast().utf8),
                digest.count == 32
            else { return nil }
            digests.append(digest)
        }
        return digests
    }
}
