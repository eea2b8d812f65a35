import Shared

@testable import Gateway

/// WebSocket frames: the same messages, pongs and end, however the stream was cut.
enum WebSocketTarget {
    private enum Found: Equatable {
        case message([UInt8], isText: Bool)
        case send([UInt8])
        case pong([UInt8])
        case closed(UInt16)
    }

    private static let maximumMessage = 1_024

    static func run(_ input: ArraySlice<UInt8>) { run(input, nil) }

    /// With permessage-deflate; the first byte chooses whether messages share a window.
    static func runCompressed(_ input: ArraySlice<UInt8>) {
        guard let first = input.first else { return }
        run(
            input.dropFirst(),
            PermessageDeflate.negotiate(["permessage-deflate"], first % 2 == 0 ? .takeover : .noTakeover))
    }

    private static func run(_ input: ArraySlice<UInt8>, _ compression: PermessageDeflate?) {
        guard let reads = Reads(input) else { return }
        let atOnce = found([reads.whole[...]], compression)
        expect(atOnce == found(reads.pieces, compression), "cutting the stream changes what is read")
        for case .message(let payload, let isText) in atOnce {
            expect(payload.count <= maximumMessage, "a message is longer than the limit")
            expect(!isText || String(validating: payload, as: UTF8.self) != nil, "a text that isn't UTF-8 was let pass")
        }
    }

    private static func found(_ pieces: [ArraySlice<UInt8>], _ compression: PermessageDeflate?) -> [Found] {
        var connection = WebSocketConnection(
            maximumFrame: 512, maximumMessage: maximumMessage,
            compression: compression.map { ($0, CompressionPool(minimumMessage: 0)) })
        var found: [Found] = []
        var buffer: [UInt8] = []
        for piece in pieces {
            buffer += piece
            var available = 0..<buffer.count
            reading: while true {
                switch connection.next(&buffer, &available) {
                case .needMore: break reading
                case .message(.inPlace(let range), let isText):
                    found.append(.message(Array(buffer[range]), isText: isText))
                case .message(.assembled(let payload), let isText): found.append(.message(payload, isText: isText))
                case .send(let bytes): found.append(.send(bytes))
                case .pong(let payload): found.append(.pong(payload))
                case .closed(let code): return found + [.closed(code)]
                }
            }
            buffer.removeFirst(available.lowerBound)
        }
        return found
    }
}
