internal import Shared

/// Reads a client's frames (RFC 6455, sections 5 and 8.1).
///
/// A whole, unfragmented data frame is unmasked where it lies and costs no copy. A data frame that was cut by a read is
/// taken piece by piece into the message under assembly, so that no byte is unmasked or checked twice and bad UTF-8 fails
/// as soon as it is seen. Heads and control frames that are incomplete stay in the buffer.
struct WebSocketDecoder {
    enum Step: Equatable {
        case needMore
        case message(WebSocketMessage)
        case ping(Range<Int>)
        case pong(Range<Int>)
        /// `code` is nil where the frame was empty.
        case close(code: UInt16?, reason: String)
        /// The connection has to be failed (section 7.1.7); every later step fails the same way.
        case failure(CloseCode, String)
    }

    /// A data frame of which some payload is still to come.
    private struct OpenFrame {
        var rest: Int
        var key: UInt32
        var isFinal: Bool
    }

    private let maximumFrame: Int
    private let maximumMessage: Int
    private var frame: OpenFrame?
    /// Whether the message under assembly is text; nil where there is none.
    private var assemblingText: Bool?
    private var assembled: [UInt8] = []
    private var validator = UTF8Validator()
    private var failure: (CloseCode, String)?

    /// Limits are in bytes of payload.
    init(maximumFrame: Int, maximumMessage: Int) {
        self.maximumFrame = maximumFrame
        self.maximumMessage = maximumMessage
    }

    /// Takes the next thing from `buffer[available]` and moves `available.lowerBound` past it.
    mutating func next(_ buffer: inout [UInt8], _ available: inout Range<Int>) -> Step {
        if let (code, reason) = failure { return .failure(code, reason) }
        while true {
            if frame == nil, let step = begin(&buffer, &available) { return step }
            if frame != nil, let step = take(&buffer, &available) { return step }
        }
    }

    private mutating func fail(_ code: CloseCode, _ reason: String) -> Step {
        failure = (code, reason)
        assembled = []
        return .failure(code, reason)
    }

    /// Reads a head; nil when it opened a data frame whose payload has to be assembled.
    private mutating func begin(_ buffer: inout [UInt8], _ available: inout Range<Int>) -> Step? {
        let parsed = buffer.withUnsafeBytes {
            WebSocketFrameHead.parse(UnsafeRawBufferPointer(rebasing: $0[available]))
        }
        let head: WebSocketFrameHead
        switch parsed {
        case .needMore: return .needMore
        case .failure(let reason): return fail(.protocolError, reason)
        case .head(let complete): head = complete
        }
        let payload = available.lowerBound + head.byteCount
        let isWhole = available.upperBound - payload >= head.payloadCount
        if head.opcode.isControl {
            guard isWhole else { return .needMore }
            let range = unmask(head, &buffer, &available)
            return control(head.opcode, range, buffer)
        }
        if let refusal = check(head) { return refusal }
        if isWhole && head.isFinal && head.opcode != .continuation {
            return whole(head, &buffer, &available)
        }
        if head.opcode != .continuation { assemblingText = head.opcode == .text }
        frame = OpenFrame(rest: head.payloadCount, key: head.key, isFinal: head.isFinal)
        available = payload..<available.upperBound
        return nil
    }

    private mutating func check(_ head: WebSocketFrameHead) -> Step? {
        if head.opcode == .continuation {
            guard assemblingText != nil else {
                return fail(.protocolError, "A continuation frame without a message to continue.")
            }
        } else if assemblingText != nil {
            return fail(.protocolError, "A new message before the last one has ended.")
        }
        guard head.payloadCount <= maximumFrame else { return fail(.tooBig, "The frame is too big.") }
        guard head.payloadCount <= maximumMessage - assembled.count else {
            return fail(.tooBig, "The message is too big.")
        }
        return nil
    }

    private mutating func whole(
        _ head: WebSocketFrameHead, _ buffer: inout [UInt8], _ available: inout Range<Int>
    ) -> Step {
        let range = unmask(head, &buffer, &available)
        let isText = head.opcode == .text
        if isText {
            let isValid = buffer.withUnsafeBytes { UTF8Validator.isValid(UnsafeRawBufferPointer(rebasing: $0[range])) }
            guard isValid else { return fail(.invalidPayload, "The text is not UTF-8.") }
        }
        return .message(WebSocketMessage(payload: .inPlace(range), isText: isText))
    }

    private func unmask(
        _ head: WebSocketFrameHead, _ buffer: inout [UInt8], _ available: inout Range<Int>
    ) -> Range<Int> {
        let start = available.lowerBound + head.byteCount
        let range = start..<start + head.payloadCount
        available = range.upperBound..<available.upperBound
        buffer.withUnsafeMutableBytes { bytes in
            _ = WebSocketMask.apply(head.key, to: UnsafeMutableRawBufferPointer(rebasing: bytes[range]))
        }
        return range
    }

    /// Takes payload of the open frame into the message; nil when the frame ended and the message goes on.
    private mutating func take(_ buffer: inout [UInt8], _ available: inout Range<Int>) -> Step? {
        guard var open = frame else { return nil }
        let count = min(open.rest, available.count)
        let range = available.lowerBound..<available.lowerBound + count
        let isText = assemblingText == true
        let isValid = buffer.withUnsafeMutableBytes { bytes in
            let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
            open.key = WebSocketMask.apply(open.key, to: piece)
            assembled.append(contentsOf: piece)
            return !isText || validator.append(UnsafeRawBufferPointer(piece))
        }
        available = range.upperBound..<available.upperBound
        open.rest -= count
        guard isValid else { return fail(.invalidPayload, "The text is not UTF-8.") }
        frame = open.rest > 0 ? open : nil
        guard open.rest == 0 else { return .needMore }
        return open.isFinal ? finish(isText) : nil
    }

    private mutating func finish(_ isText: Bool) -> Step {
        guard !isText || validator.isComplete else { return fail(.invalidPayload, "The text is not UTF-8.") }
        let message = WebSocketMessage(payload: .assembled(assembled), isText: isText)
        assembled = []
        assemblingText = nil
        validator = UTF8Validator()
        return .message(message)
    }

    private mutating func control(_ opcode: WebSocketOpcode, _ range: Range<Int>, _ buffer: [UInt8]) -> Step {
        switch opcode {
        case .ping: return .ping(range)
        case .pong: return .pong(range)
        default: break
        }
        guard !range.isEmpty else { return .close(code: nil, reason: "") }
        guard range.count >= 2 else { return fail(.protocolError, "The close frame has half a code.") }
        let code = UInt16(buffer[range.lowerBound]) << 8 | UInt16(buffer[range.lowerBound + 1])
        guard CloseCode.mayBeReceived(code) else { return fail(.protocolError, "The close code may not be sent.") }
        let reason = buffer[range.dropFirst(2)]
        guard UTF8Validator.isValid(reason) else { return fail(.invalidPayload, "The close reason is not UTF-8.") }
        return .close(code: code, reason: String(decoding: reason, as: UTF8.self))
    }
}
