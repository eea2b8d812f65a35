/// One WebSocket after its handshake: frames, pong replies and the closing handshake (RFC 6455, sections 5.5 and 7).
struct WebSocketConnection {
    enum Action: Equatable {
        case message(WebSocketPayload, isText: Bool)
        /// Bytes of a control frame for the client.
        case send([UInt8])
        /// A pong, with its payload.
        case pong([UInt8])
        /// Both sides are done, or this side has given up: close the TCP connection. 1005 where the client gave no code.
        case closed(UInt16)
        case needMore
    }

    private enum State {
        case open
        /// Our close frame is out and the client's is awaited.
        case closeSent
        /// Our close frame is being handed over; `closed` is told next.
        case ending(UInt16)
        case closed
    }

    private var decoder: WebSocketDecoder
    private var state = State.open
    /// What writes messages where compression was agreed on.
    let compressor: MessageCompressor?

    /// Limits are in bytes: of a frame's payload as it is sent, of a message as it is once inflated.
    /// Where compression was agreed on, `pool` lends what it takes.
    init(
        maximumFrame: Int, maximumMessage: Int, compression: (agreed: PermessageDeflate, pool: CompressionPool)? = nil
    ) {
        decoder = WebSocketDecoder(
            maximumFrame: maximumFrame, maximumMessage: maximumMessage,
            decompressor: compression.map { MessageDecompressor($0.agreed, pool: $0.pool) })
        compressor = compression.map { $0.pool.compressor(for: $0.agreed) }
    }

    /// What was wrong with the client's frames, where that has ended the connection.
    private(set) var failure: String?

    /// Whether data may still be sent.
    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Takes the next thing from `buffer[available]`; to be called until it says `needMore` or `closed`.
    mutating func next(_ buffer: inout [UInt8], _ available: inout Range<Int>) -> Action {
        while true {
            switch state {
            case .ending(let code):
                state = .closed
                return .closed(code)
            case .closed:
                available = available.upperBound..<available.upperBound
                return .needMore
            case .open, .closeSent:
                if let action = step(&buffer, &available) { return action }
            }
        }
    }

    /// Appends a frame with a whole message, compressed where that was agreed on and pays.
    func append(_ opcode: WebSocketOpcode, _ payload: [UInt8], to output: inout [UInt8]) {
        if let compressor {
            compressor.append(opcode, payload, to: &output)
        } else {
            WebSocketEncoder.append(opcode, payload, to: &output)
        }
    }

    /// Starts the closing handshake: the frame to send, or nil where one is out already.
    mutating func close(_ code: CloseCode, reason: String = "") -> [UInt8]? {
        guard isOpen else { return nil }
        state = .closeSent
        var frame: [UInt8] = []
        WebSocketEncoder.appendClose(code, reason: reason, to: &frame)
        return frame
    }

    /// One step of the decoder; nil where it asks for nothing, as after our close frame, when only the client's matters.
    private mutating func step(_ buffer: inout [UInt8], _ available: inout Range<Int>) -> Action? {
        switch decoder.next(&buffer, &available) {
        case .needMore:
            return .needMore
        case .message(let message):
            return isOpen ? .message(message.payload, isText: message.isText) : nil
        case .ping(let range):
            guard isOpen else { return nil }
            var frame: [UInt8] = []
            WebSocketEncoder.appendPong(buffer[range], to: &frame)
            return .send(frame)
        case .pong(let range):
            return .pong(Array(buffer[range]))
        case .close(let code, _):
            var frame: [UInt8] = []
            WebSocketEncoder.appendClose(code: code, to: &frame)
            return end(code ?? CloseCode.noneReceived, sending: frame)
        case .failure(let code, let reason):
            failure = reason
            var frame: [UInt8] = []
            WebSocketEncoder.appendClose(code, reason: reason, to: &frame)
            return end(code.rawValue, sending: frame)
        }
    }

    private mutating func end(_ code: UInt16, sending frame: [UInt8]) -> Action? {
        let mustSend = isOpen
        state = .ending(code)
        return mustSend ? .send(frame) : nil
    }
}
