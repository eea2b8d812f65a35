/// Writes a server's frames: never masked, never fragmented (RFC 6455, section 5).
enum WebSocketEncoder {
    /// Appends the head of an unfragmented frame, the length in its shortest form.
    static func appendHeader(
        _ opcode: WebSocketOpcode, payloadCount: Int, isCompressed: Bool = false, to output: inout [UInt8]
    ) {
        output.append(0x80 | (isCompressed ? 0x40 : 0) | opcode.rawValue)
        switch payloadCount {
        case ..<126:
            output.append(UInt8(payloadCount))
        case ...Int(UInt16.max):
            output.append(126)
            appendBigEndian(UInt64(payloadCount), byteCount: 2, to: &output)
        default:
            output.append(127)
            appendBigEndian(UInt64(payloadCount), byteCount: 8, to: &output)
        }
    }

    static func appendText(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
        append(.text, payload, to: &output)
    }

    static func appendBinary(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
        append(.binary, payload, to: &output)
    }

    /// At most 125 bytes of payload.
    static func appendPing(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
        append(.ping, payload.prefix(WebSocketFrameHead.maximumControlPayload), to: &output)
    }

    /// At most 125 bytes of payload.
    static func appendPong(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
        append(.pong, payload.prefix(WebSocketFrameHead.maximumControlPayload), to: &output)
    }

    /// The reason is cut to 123 bytes, at the end of a character.
    static func appendClose(_ code: CloseCode, reason: String = "", to output: inout [UInt8]) {
        appendClose(code: code.rawValue, reason: reason, to: &output)
    }

    /// Without a code the frame is empty.
    static func appendClose(code: UInt16?, reason: String = "", to output: inout [UInt8]) {
        guard let code else { return appendHeader(.close, payloadCount: 0, to: &output) }
        var payload = [UInt8(code >> 8), UInt8(code & 0xFF)]
        for character in reason {
            guard payload.count + character.utf8.count <= WebSocketFrameHead.maximumControlPayload else { break }
            payload.append(contentsOf: character.utf8)
        }
        append(.close, payload, to: &output)
    }

    /// Appends a whole frame; a compressed one bears RSV1 (RFC 7692, section 6).
    static func append(
        _ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>, isCompressed: Bool = false,
        to output: inout [UInt8]
    ) {
        appendHeader(opcode, payloadCount: payload.count, isCompressed: isCompressed, to: &output)
        output.append(contentsOf: payload)
    }

    private static func appendBigEndian(_ value: UInt64, byteCount: Int, to output: inout [UInt8]) {
        for place in (0..<byteCount).reversed() {
            output.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place)))
        }
    }
}
