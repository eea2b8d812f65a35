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

    static func run(_ input: ArraySlice<UInt8>) {
        guard let reads = Reads(input) else { return }
        let atOnce = found([reads.whole[...]])
        expect(atOnce == found(reads.pieces), "cutting the stream changes what is read")
        for case .message(let payload, true) in atOnce {
            expect(String(validating: payload, as: UTF8.self) != nil, "a text that isn't UTF-8 was let pass")
        }
    }

    private static func found(_ pieces: [ArraySlice<UInt8>]) -> [Found] {
        var connection = WebSocketConnection(maximumFrame: 512, maximumMessage: 1_024)
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
