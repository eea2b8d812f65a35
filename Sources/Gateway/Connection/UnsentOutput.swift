/// What all connections of a loop have waiting for clients that haven't taken it, by the bytes of memory that it takes.
///
/// A chunk that many queues share is there once. Pure; confined to its loop.
final class UnsentOutput {
    /// What each place in a queue takes beside the bytes: pongs of two bytes would else fill a node before they fill a queue.
    static let placeBytes = 64

    private let limit: Int
    private(set) var byteCount = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether more waits than may.
    var isExceeded: Bool { byteCount > limit }

    /// Whether so much has been let go that it will be a while until more waits again than may.
    var isRelieved: Bool { byteCount <= limit - limit / 8 }

    /// A chunk waits in one queue more.
    func wait(_ chunk: Chunk) {
        byteCount += Self.placeBytes
        if chunk.queueCount == 0 { byteCount += chunk.count }
        chunk.queueCount += 1
    }

    /// It has left a queue.
    func leave(_ chunk: Chunk) {
        byteCount -= Self.placeBytes
        chunk.queueCount -= 1
        if chunk.queueCount == 0 { byteCount -= chunk.count }
    }
}
