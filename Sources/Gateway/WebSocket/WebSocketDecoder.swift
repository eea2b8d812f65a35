internal import Shared

/// Reads a client's frames (RFC 6455, sections 5 and 8.1), compressed ones too where that was agreed on (RFC 7692).
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
    private let decompressor: MessageDecompressor?
    private var frame: OpenFrame?
    /// Whether the message under assembly is text; nil where there is none.
    private var assemblingText: Bool?
    private var isCompressed = false
    private var assembled: [UInt8] = []
    private var validator = UTF8Validator()
    private var failure: (CloseCode, String)?

    /// Limits are in bytes: of a frame's payload as it is sent, of a message as it is once inflated.
    init(maximumFrame: Int, maximumMessage: Int, decompressor: MessageDecompressor? = nil) {
        self.maximumFrame = maximumFrame
        self.maximumMessage = maximumMessage
        self.decompressor = decompressor
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
        if isWhole && head.isFinal && head.opcode != .continuation && !head.isCompressed {
            return whole(head, &buffer, &available)
        }
        if head.opcode != .continuation {
            assemblingText = head.opcode == .text
            isCompressed = head.isCompressed
        }
        frame = OpenFrame(rest: head.payloadCount, key: head.key, isFinal: head.isFinal)
        available = payload..<available.upperBound
        return nil
    }

    private mutating func check(_ head: WebSocketFrameHead) -> Step? {
        if head.opcode == .continuation {
            guard assemblingText != nil else {
                return fail(.protocolError, "A continuation frame without a message to continue.")
            }
            guard !head.isCompressed else {
                return fail(.protocolError, "Only the first frame of a message tells that it is compressed.")
            }
        } else if assemblingText != nil {
            return fail(.protocolError, "A new message before the last one has ended.")
        } else if head.isCompressed, decompressor == nil {
            return fail(.protocolError, "A message is compressed and no extension was agreed on.")
        }
        guard head.payloadCount <= maximumFrame else { return fail(.tooBig, "The frame is too big.") }
        let isInflated = head.isCompressed || (head.opcode == .continuation && isCompressed)
        guard isInflated || head.payloadCount <= maximumMessage - assembled.count else {
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
        let start = assembled.count
        let verdict = buffer.withUnsafeMutableBytes { bytes in
            let piece = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
            open.key = WebSocketMask.apply(open.key, to: piece)
            return assemble(UnsafeRawBufferPointer(piece))
        }
        available = range.upperBound..<available.upperBound
        open.rest -= count
        if let failure = judge(verdict, from: start) { return failure }
        frame = open.rest > 0 ? open : nil
        guard open.rest == 0 else { return .needMore }
        return open.isFinal ? finish() : nil
    }

    /// Appends a piece to the message, inflated where it is compressed.
    private mutating func assemble(_ piece: UnsafeRawBufferPointer) -> Inflater.Verdict {
        if isCompressed, let decompressor {
            return decompressor.append(piece, to: &assembled, limit: maximumMessage)
        }
        assembled.append(contentsOf: piece)
        return .done
    }

    /// Judges what was appended to the message from `start` on; nil where it is good. What came out before something went wrong is
    /// judged first, so that the same is said however the stream was cut.
    private mutating func judge(_ verdict: Inflater.Verdict, from start: Int) -> Step? {
        if assemblingText == true {
            let isValid = assembled.withUnsafeBytes {
                validator.append(UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
            guard isValid else { return fail(.invalidPayload, "The text is not UTF-8.") }
        }
        return switch verdict {
        case .done: nil
        case .tooBig: fail(.tooBig, "The message is too big.")
        case .malformed: fail(.invalidPayload, "The message can't be inflated.")
        }
    }

    private mutating func finish() -> Step {
        if isCompressed, let decompressor {
            let start = assembled.count
            let verdict = decompressor.finish(&assembled, limit: maximumMessage)
            if let failure = judge(verdict, from: start) { return failure }
        }
        let isText = assemblingText == true
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
