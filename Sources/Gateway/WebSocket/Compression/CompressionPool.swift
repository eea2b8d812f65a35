/// The compressors and decompressors of one loop: connections borrow them for the length of a message, so that an idle one
/// owns none (a compressor takes 260 KB, a decompressor 40 KB).
///
/// Confined to its loop.
final class CompressionPool {
    /// So many decompressors are kept for the next messages; usually one is in use at a time.
    private static let kept = 8

    /// Messages that are shorter (bytes) are sent as they are: what is saved doesn't pay for the work.
    let minimumMessage: Int
    private var inflaters: [Inflater] = []
    private var shared: [Int: MessageCompressor] = [:]

    init(minimumMessage: Int) {
        self.minimumMessage = minimumMessage
    }

    func takeInflater() -> Inflater { inflaters.popLast() ?? Inflater() }

    func giveBack(_ inflater: Inflater) {
        guard inflaters.count < Self.kept else { return }
        inflater.restart()
        inflaters.append(inflater)
    }

    /// What compresses for a connection. Those that forget each message share one, and with it the frames that they get.
    func compressor(for agreed: PermessageDeflate) -> MessageCompressor {
        let bits = agreed.serverMaxWindowBits
        guard agreed.serverNoContextTakeover else {
            return MessageCompressor(windowBits: bits, minimumMessage: minimumMessage, keepsContext: true)
        }
        if let known = shared[bits] { return known }
        let compressor = MessageCompressor(windowBits: bits, minimumMessage: minimumMessage, keepsContext: false)
        shared[bits] = compressor
        return compressor
    }
}
