#if DEBUG
@testable internal import Gateway

/// Sends every message back with its opcode and payload.
final class EchoPeer: Peer {
    /// The longest message and frame in bytes.
    private static let maximumMessage = 16 << 20
    /// So much (bytes) may wait for the client before nothing more is read from it.
    private static let maximumQueue = 32 << 20

    private let connection: Connection
    private var webSocket: WebSocketConnection

    init(connection: Connection, _ compression: (PermessageDeflate, CompressionPool)?) {
        self.connection = connection
        webSocket = WebSocketConnection(
            maximumFrame: Self.maximumMessage, maximumMessage: Self.maximumMessage, compression: compression)
    }

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        while connection.isOpen {
            guard connection.queuedBytes <= Self.maximumQueue else { return connection.pauseReading() }
            switch webSocket.next(&buffer, &available) {
            case .needMore: return
            case .send(let frame): connection.send(frame)
            case .pong: break
            case .closed: return connection.finish()
            case .message(.inPlace(let range), let isText): echo(Array(buffer[range]), isText)
            case .message(.assembled(let payload), let isText): echo(payload, isText)
            }
        }
    }

    private func echo(_ payload: [UInt8], _ isText: Bool) {
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + 10)
        webSocket.append(isText ? .text : .binary, payload, to: &frame)
        connection.send(frame)
    }

    func transportClosed(_ reason: String) {}

    func outputDrained() {
        connection.resumeReading()
    }

    /// A suite may be silent for as long as it likes.
    func checkLiveness(_ now: Int64) -> Int64 { now + 60_000 }
}
#endif
