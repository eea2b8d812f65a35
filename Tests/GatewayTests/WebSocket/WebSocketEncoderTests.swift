import Testing

@testable import Gateway

@Suite struct WebSocketEncoderTests {
    private func bytes(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
        var output: [UInt8] = []
        write(&output)
        return output
    }

    @Test func writesTheUnmaskedExamplesOfSection5_7() {
        let hello = Array("Hello".utf8)
        #expect(bytes { WebSocketEncoder.appendText(hello, to: &$0) } == [0x81, 5] + hello)
        #expect(bytes { WebSocketEncoder.appendPing(hello, to: &$0) } == [0x89, 5] + hello)
        #expect(bytes { WebSocketEncoder.appendPong(hello, to: &$0) } == [0x8A, 5] + hello)
        let some = [UInt8](repeating: 1, count: 256)
        #expect(bytes { WebSocketEncoder.appendBinary(some, to: &$0) } == [0x82, 0x7E, 1, 0] + some)
        #expect(
            bytes { WebSocketEncoder.appendHeader(.binary, payloadCount: 65_536, to: &$0) }
                == [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0])
    }

    @Test func lengthsAreInTheirShortestForm() {
        #expect(bytes { WebSocketEncoder.appendHeader(.text, payloadCount: 125, to: &$0) } == [0x81, 125])
        #expect(bytes { WebSocketEncoder.appendHeader(.text, payloadCount: 126, to: &$0) } == [0x81, 126, 0, 126])
        #expect(
            bytes { WebSocketEncoder.appendHeader(.text, payloadCount: 65_535, to: &$0) } == [0x81, 126, 0xFF, 0xFF])
    }

    @Test func aCloseReasonIsCutAtTheEndOfACharacter() {
        let frame = bytes { WebSocketEncoder.appendClose(.policy, reason: String(repeating: "€", count: 50), to: &$0) }
        #expect(frame.count == 2 + 2 + 123)
        #expect(Array(frame[..<4]) == [0x88, 125, 0x03, 0xF0])
        let long = bytes {
            WebSocketEncoder.appendClose(.policy, reason: "a" + String(repeating: "€", count: 50), to: &$0)
        }
        #expect(long.count == 2 + 2 + 121)
    }

    @Test func everyCodeSaysWhetherToReconnect() {
        #expect(CloseCode.serviceRestart.mayReconnect == .now)
        #expect(CloseCode.tryAgainLater.mayReconnect == .later)
        #expect(CloseCode.token.mayReconnect == .never)
        #expect(CloseCode.allCases.allSatisfy { CloseCode.mayBeReceived($0.rawValue) })
    }
}
