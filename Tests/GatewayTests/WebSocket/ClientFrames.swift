@testable import Gateway

/// Frames as a client sends them: masked.
enum ClientFrame {
    static let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]

    static func make(
        _ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, reserved: UInt8 = 0, isMasked: Bool = true
    ) -> [UInt8] {
        var bytes = [(isFinal ? 0x80 : 0) | reserved | opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(mask | UInt8(payload.count))
        case ..<65_536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 255) }
        }
        guard isMasked else { return bytes + payload }
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    static func text(_ text: String, isFinal: Bool = true) -> [UInt8] { make(1, Array(text.utf8), isFinal: isFinal) }

    static func close(_ code: UInt16, _ reason: [UInt8] = []) -> [UInt8] {
        make(8, [UInt8(code >> 8), UInt8(code & 255)] + reason)
    }
}

/// What a decoder said, with payloads as bytes, so that ways of splitting can be compared.
enum Seen: Equatable {
    case text([UInt8])
    case binary([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(UInt16?, String)
    case failure(CloseCode)
}

extension WebSocketDecoder {
    /// Feeds pieces as a connection does: what is left comes again with the next piece.
    mutating func feed(_ pieces: [[UInt8]]) -> [Seen] {
        var seen: [Seen] = []
        var left: [UInt8] = []
        for piece in pieces {
            var buffer = left + piece
            var available = 0..<buffer.count
            loop: while true {
                switch next(&buffer, &available) {
                case .needMore: break loop
                case .message(let message):
                    let bytes: [UInt8] =
                        switch message.payload {
                        case .inPlace(let range): Array(buffer[range])
                        case .assembled(let bytes): bytes
                        }
                    seen.append(message.isText ? .text(bytes) : .binary(bytes))
                case .ping(let range): seen.append(.ping(Array(buffer[range])))
                case .pong(let range): seen.append(.pong(Array(buffer[range])))
                case .close(let code, let reason): seen.append(.close(code, reason))
                case .failure(let code, _): return seen + [.failure(code)]
                }
            }
            left = Array(buffer[available])
        }
        return seen
    }
}
