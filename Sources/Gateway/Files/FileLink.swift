internal import Shared

/// A link to a file that needs no token, for what can send no header, such as `<img>`: signed, and good for a while.
struct FileLink {
    let file: UUID
    /// Seconds since the Unix epoch.
    let expires: Int64

    init(file: UUID, expires: Int64) {
        self.file = file
        self.expires = expires
    }

    /// Reads a link; nil where the signature is none of these secrets'.
    init?(file: UUID, _ query: HTTPQuery, secrets: [[UInt8]]) {
        guard let text = query.first("expires"), let expires = Decimal.parse(Array(text.utf8)),
            let signature = query.first("signature").flatMap({ Base64.decodeURL($0.utf8) })
        else { return nil }
        self.init(file: file, expires: expires)
        guard secrets.contains(where: { ConstantTime.equal(signature, self.signature($0)) }) else { return nil }
    }

    /// Path and query.
    func target(secret: [UInt8]) -> String {
        "/api/files/\(file)?expires=\(expires)&signature=\(Base64.encodeURL(signature(secret)))"
    }

    private func signature(_ secret: [UInt8]) -> [UInt8] {
        HMACSHA256.digest(key: secret, "file \(file) \(expires)".utf8)
    }
}
