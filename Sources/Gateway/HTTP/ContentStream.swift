internal import Shared

/// The content of a request while it comes in, for whoever takes it piece by piece.
///
/// Confined to its worker's loop.
final class ContentStream {
    /// The rest doesn't come: the connection is gone, or the client too slow.
    struct Broken: Error {}

    /// So many bytes may wait to be taken; reading pauses beyond.
    private static let capacity = 256 << 10
    /// What a piece costs beside its bytes: chunks may have one byte each.
    private static let overhead = 64

    /// Bytes in all, where the client has said it.
    let length: Int?
    private var pieces = Queue<[UInt8]>()
    private var waitingBytes = 0
    private(set) var isWhole = false
    private var isBroken = false
    private var reader: (() -> Void)?
    /// Called when more may come: before the first piece, and whenever what waited has been taken.
    private let wanted: () -> Void

    init(length: Int?, wanted: @escaping () -> Void) {
        self.length = length
        self.wanted = wanted
    }

    // MARK: Who brings it

    var isFull: Bool { waitingBytes >= Self.capacity }

    func append(_ piece: ArraySlice<UInt8>) {
        pieces.append(Array(piece))
        waitingBytes += piece.count + Self.overhead
        wake()
    }

    func end() {
        isWhole = true
        wake()
    }

    func breakOff() {
        isBroken = true
        wake()
    }

    private func wake() {
        let reader = reader
        self.reader = nil
        reader?()
    }

    // MARK: Who takes it

    /// The next bytes; nil at the end.
    func next() async throws(Broken) -> [UInt8]? {
        while true {
            if let piece = pieces.popFirst() {
                waitingBytes -= piece.count + Self.overhead
                return piece
            }
            if isWhole { return nil }
            if isBroken { throw Broken() }
            wanted()
            // What was asked for may have come at once.
            guard pieces.isEmpty, !isWhole, !isBroken else { continue }
            await withCheckedContinuation { continuation in reader = { continuation.resume() } }
        }
    }
}
