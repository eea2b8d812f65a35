internal import Shared

/// What is learned of a file's content while it comes in.
///
/// Confined to its loop.
final class ContentLook {
    private let digest = SHA256Stream()
    private var head: [UInt8] = []
    /// Bytes that have come in.
    private(set) var size: Int64 = 0

    /// Takes the next bytes.
    func append(_ piece: [UInt8]) {
        size += Int64(piece.count)
        digest.append(piece)
        var rest = piece[...]
        // Its first bytes say how many of them are needed.
        while !rest.isEmpty, case let room = PictureSize.headBytes(head) - head.count, room > 0 {
            head += rest.prefix(room)
            rest = rest.dropFirst(room)
        }
    }

    /// What has come is all; `told` is the media type that the uploader tells.
    func finish(told: String) -> ContentFacts {
        let kind = ContentKind(head)
        return ContentFacts(
            type: MediaType.settled(told, kind), size: size, sha256: digest.finish(), picture: PictureSize(kind, head))
    }
}

/// What a file's content says of itself.
struct ContentFacts: Sendable {
    let type: String
    /// Bytes, as they were uploaded.
    let size: Int64
    let sha256: [UInt8]
    /// Nil where it is no picture whose size is known.
    let picture: PictureSize?
}
