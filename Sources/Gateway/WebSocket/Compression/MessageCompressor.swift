/// Writes a server's messages compressed (RFC 7692, section 7.2.1), for one connection, or for all that forget each message
/// and have the same window.
///
/// With context takeover the frames have to be sent in the order in which they were written, each of them.
final class MessageCompressor {
    private let windowBits: Int
    private let minimumMessage: Int
    private let keepsContext: Bool
    private var deflater: Deflater?
    private var wasUsed = false

    init(windowBits: Int, minimumMessage: Int, keepsContext: Bool) {
        self.windowBits = windowBits
        self.minimumMessage = minimumMessage
        self.keepsContext = keepsContext
    }

    /// Appends a frame with the message; as it is where it is short or wouldn't become shorter.
    func append(_ opcode: WebSocketOpcode, _ payload: [UInt8], to output: inout [UInt8]) {
        guard payload.count >= minimumMessage, let compressed = compress(payload) else {
            return WebSocketEncoder.append(opcode, payload, to: &output)
        }
        WebSocketEncoder.append(opcode, compressed, isCompressed: true, to: &output)
    }

    /// Nil where that isn't shorter.
    private func compress(_ payload: [UInt8]) -> [UInt8]? {
        let deflater = deflater ?? Deflater(windowBits: windowBits)
        self.deflater = deflater
        wasUsed = true
        var compressed: [UInt8] = []
        payload.withUnsafeBytes { deflater.append($0, to: &compressed) }
        let isShorter = compressed.count < payload.count
        // The client never sees what isn't sent: nothing later may refer to it.
        if !keepsContext || !isShorter { deflater.reset() }
        return isShorter ? compressed : nil
    }

    /// Lets a connection's own window go where nothing was compressed since the last time; a client can't tell, as the next message just refers
    /// to none before it.
    func releaseIfIdle() {
        guard keepsContext else { return }
        if !wasUsed { deflater = nil }
        wasUsed = false
    }
}
