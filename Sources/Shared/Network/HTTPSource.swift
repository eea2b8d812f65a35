/// The content of a request, as libcurl asks for it: a file is read ahead by a thread that may block.
///
/// Confined to its loop.
final class HTTPSource {
    /// What there is to send now.
    enum Step: Equatable {
        /// So many bytes; 0 at the end.
        case bytes(Int)
        /// Nothing yet; `more` tells when.
        case later
        case broken
    }

    /// Bytes that are read from a file at a time.
    private static let pieceBytes = 256 << 10

    private let loop: EventLoop
    private let file: ScratchFile?
    /// Bytes of the file that weren't read yet, and where they begin.
    private var left = 0
    private var offset: Int64 = 0
    private var piece: [UInt8] = []
    private var sent = 0
    private var isReading = false
    /// Why the content can't be read to its end.
    private(set) var problem: String?
    /// Called when there is more to send.
    var more: () -> Void = {}

    init(_ content: HTTPCall.Content, on loop: EventLoop) {
        self.loop = loop
        switch content {
        case .none: file = nil
        case .bytes(let bytes):
            file = nil
            piece = bytes
        case .file(let file, let count):
            self.file = file
            left = count
        }
    }

    func read(_ buffer: UnsafeMutableRawBufferPointer) -> Step {
        guard problem == nil else { return .broken }
        guard sent < piece.count else {
            guard left > 0 else { return .bytes(0) }
            readAhead()
            return .later
        }
        let count = min(buffer.count, piece.count - sent)
        piece.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sent..<sent + count]))
        }
        sent += count
        if sent == piece.count, left > 0 { readAhead() }
        return .bytes(count)
    }

    private func readAhead() {
        guard !isReading, let file else { return }
        isReading = true
        let (count, offset) = (min(left, Self.pieceBytes), offset)
        loop.spawn { [self] in
            do throws(SystemError) {
                let bytes = try await BlockingPool.shared.run { () throws(SystemError) in
                    try file.read(count, from: offset)
                }
                if bytes.count < count { problem = "the staged part is too short" }
                take(bytes)
            } catch {
                problem = error.description
            }
            isReading = false
            more()
        }
    }

    private func take(_ bytes: [UInt8]) {
        piece = bytes
        sent = 0
        left -= bytes.count
        offset += Int64(bytes.count)
    }
}
