internal import Shared

/// What is known of an uploaded file.
struct FileFacts: Sendable {
    let id: UUID
    let conversation: UUID
    let uploader: UUID
    let name: String
    /// Its media type.
    let type: String
    /// The sizes that a file can have, in bytes: what is reckoned with them can't overflow.
    static let sizes: ClosedRange<Int64> = 0...1 << 48

    /// Bytes, as they were uploaded.
    let size: Int64
    /// Whether it is encrypted where it is stored.
    let isSealed: Bool
    /// Nil for files of earlier releases.
    let sha256: [UInt8]?
    /// Nil where it is no picture whose size is known.
    let picture: PictureSize?

    /// Where it is downloaded: an address that stays.
    var path: String { "/api/files/\(id)" }

    /// The file as messages and REST show it.
    func json(_ rules: ContentRules) -> JSON {
        var members: [(String, JSON)] = [
            ("fileId", .string(id.description)), ("fileName", .string(rules.markup.applied(to: name))),
            ("fileType", .string(type)), ("fileSize", .integer(size)), ("downloadUrl", .string(path)),
        ]
        if let sha256 { members.append(("sha256", .string(Hex.encode(sha256)))) }
        if let picture { members += [("width", .integer(picture.width)), ("height", .integer(picture.height))] }
        return .object(JSONObject(members))
    }

    /// Whether another upload of the same user brought the same.
    func isRepeated(by other: FileFacts) -> Bool {
        conversation == other.conversation && name == other.name && type == other.type && size == other.size
            && sha256 == other.sha256
    }

    /// Under which name a browser saves it, and whether it may show it by itself (RFC 6266).
    var disposition: String {
        let kind = MediaType.isPicture(type) ? "inline" : "attachment"
        // Who doesn't know the encoded name takes the other one.
        let plain = String(name.unicodeScalars.map { $0.isASCII && $0 != "\"" && $0 != "%" ? Character($0) : "_" })
        return "\(kind); filename=\"\(plain)\"; filename*=UTF-8''\(PercentEncoding.encode(name))"
    }
}
