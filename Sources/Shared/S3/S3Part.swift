/// A part of an object, as its reader takes it: the store isn't read faster. Where the store breaks off, as it does
/// when the reader is slow, the rest is asked for anew.
///
/// Confined to its loop.
final class S3Part: StoredFile {
    /// So often the store may break off in so many bytes.
    private static let attempts = 3
    private static let progress = 128 << 10

    private let client: S3Client
    private let key: String
    private var left: Range<Int64>
    private var reply: HTTPReply?
    private var piece: ArraySlice<UInt8> = []
    private var failures = 0
    private var bytesSinceFailure = 0

    /// `part` are bytes as they are stored.
    init(_ client: S3Client, key: String, _ part: Range<Int64>) {
        self.client = client
        self.key = key
        left = part
    }

    /// Waits until the store begins to answer.
    func begin() async throws(FileStoreError) {
        guard !left.isEmpty else { return }
        let range = "bytes=\(left.lowerBound)-\(left.upperBound - 1)"
        do throws(S3Error) {
            let reply = try await client.send(
                S3Client.Call(method: "GET", key: key, headers: [("Range", range)], isStreamed: true))
            guard Self.start(of: reply) == left.lowerBound else {
                throw .unexpected("another part was asked for, the status is \(reply.status)")
            }
            self.reply = reply
        } catch {
            throw .s3(error)
        }
    }

    /// Where a response's content begins in the object; nil where it doesn't say so. rclone calls parts 200, too.
    private static func start(of reply: HTTPReply) -> Int64? {
        guard let range = reply.headers.first("Content-Range") else { return reply.status == 200 ? 0 : nil }
        guard range.hasPrefix("bytes ") else { return nil }
        return Decimal.parse(Array(range.utf8.dropFirst("bytes ".count).prefix { $0 != UInt8(ascii: "-") }))
    }

    func read(_ count: Int) async throws(FileStoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count, !left.isEmpty {
            if piece.isEmpty {
                if reply == nil { try await begin() }
                guard let next = try await next() else { break }
                piece = next[...]
            }
            let taken = piece.prefix(min(count - bytes.count, left.count))
            piece = piece.dropFirst(taken.count)
            bytes += taken
            left = (left.lowerBound + Int64(taken.count))..<left.upperBound
        }
        return bytes
    }

    /// The next bytes from the store; empty where it broke off and is to be asked anew, nil where the object has no
    /// more.
    private func next() async throws(FileStoreError) -> [UInt8]? {
        do throws(HTTPCallError) {
            let next = try await reply?.next()
            bytesSinceFailure += next?.count ?? 0
            return next
        } catch {
            reply = nil
            failures = bytesSinceFailure < Self.progress ? failures + 1 : 1
            bytesSinceFailure = 0
            guard failures < Self.attempts else { throw .s3(.unreachable(error)) }
            return []
        }
    }
}
