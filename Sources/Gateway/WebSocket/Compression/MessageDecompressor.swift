internal import Shared

/// Inflates one client's messages (RFC 7692, section 7.2.2).
///
/// Between messages it keeps nothing, or, with context takeover, what the next message may refer to: no more than the agreed
/// window, and no more than the client has sent.
final class MessageDecompressor {
    /// What every message's last flush ended with, and the client has left out.
    private static let tail: [UInt8] = [0, 0, 0xFF, 0xFF]

    private let pool: CompressionPool
    private let keepsContext: Bool
    private let window: Int
    private var history: [UInt8] = []
    /// Of the message under way.
    private var inflater: Inflater?

    init(_ agreed: PermessageDeflate, pool: CompressionPool) {
        self.pool = pool
        keepsContext = !agreed.clientNoContextTakeover
        window = 1 << agreed.clientMaxWindowBits
    }

    /// Appends what a piece of a message unfolds to, as long as `output` stays within `limit` bytes.
    func append(_ piece: UnsafeRawBufferPointer, to output: inout [UInt8], limit: Int) -> Inflater.Verdict {
        let inflater = inflater ?? pool.takeInflater()
        if self.inflater == nil {
            self.inflater = inflater
            if !history.isEmpty { inflater.restart(with: history) }
        }
        guard !piece.isEmpty else { return .done }
        return inflater.append(piece, to: &output, limit: limit)
    }

    /// Ends a message; its last bytes may still come out.
    func finish(_ output: inout [UInt8], limit: Int) -> Inflater.Verdict {
        let verdict = Self.tail.withUnsafeBytes { append($0, to: &output, limit: limit) }
        if let inflater {
            if keepsContext { history = inflater.history(limit: window) }
            pool.giveBack(inflater)
        }
        inflater = nil
        return verdict
    }
}
