import Testing

@testable import Gateway

@Suite struct WebSocketDecoderTests {
    private let hello = Array("Hello".utf8)

    private func decode(_ bytes: [UInt8], frame: Int = 70_000, message: Int = 100_000) -> [Seen] {
        var decoder = WebSocketDecoder(maximumFrame: frame, maximumMessage: message)
        return decoder.feed([bytes])
    }

    @Test func readsTheMaskedExamplesOfSection5_7() {
        #expect(decode([0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]) == [.text(hello)])
        #expect(decode([0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]) == [.pong(hello)])
    }

    @Test func readsTheFragmentedExampleOfSection5_7() {
        let bytes = ClientFrame.text("Hel", isFinal: false) + ClientFrame.make(0, Array("lo".utf8))
        #expect(decode(bytes) == [.text(hello)])
    }

    @Test(arguments: [0, 1, 7, 8, 9, 125, 126, 127, 255, 256, 65_535, 65_536])
    func unmasksPayloadsOfEveryLengthClass(_ count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(decode(ClientFrame.make(2, payload)) == [.binary(payload)])
    }

    @Test func aWholeFrameIsUnmaskedWhereItLies() {
        var decoder = WebSocketDecoder(maximumFrame: 100, maximumMessage: 100)
        var buffer = [0, 0, 0] + ClientFrame.text("Hello") + [0x81]
        var available = 3..<buffer.count
        #expect(
            decoder.next(&buffer, &available) == .message(WebSocketMessage(payload: .inPlace(9..<14), isText: true)))
        #expect(Array(buffer[9..<14]) == hello)
        #expect(available == 14..<15)
        #expect(decoder.next(&buffer, &available) == .needMore)
        #expect(available == 14..<15)
    }

    @Test func controlFramesMayStandBetweenFragments() {
        let bytes =
            ClientFrame.text("Hel", isFinal: false) + ClientFrame.make(9, [1, 2])
            + ClientFrame.make(0, Array("lo".utf8))
        #expect(decode(bytes) == [.ping([1, 2]), .text(hello)])
    }

    @Test func framesOfClientsMustBeMasked() {
        #expect(decode(ClientFrame.make(1, hello, isMasked: false)) == [.failure(.protocolError)])
    }

    @Test(arguments: [0x10, 0x20, 0x40] as [UInt8])
    func reservedBitsMustBeZero(_ bit: UInt8) {
        #expect(decode(ClientFrame.make(1, hello, reserved: bit)) == [.failure(.protocolError)])
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func reservedOpcodesFail(_ opcode: UInt8) {
        #expect(decode(ClientFrame.make(opcode)) == [.failure(.protocolError)])
    }

    @Test(arguments: [8, 9, 10] as [UInt8])
    func controlFramesAreShortAndWhole(_ opcode: UInt8) {
        #expect(decode(ClientFrame.make(opcode, [], isFinal: false)) == [.failure(.protocolError)])
        #expect(decode(ClientFrame.make(opcode, [UInt8](repeating: 3, count: 126))) == [.failure(.protocolError)])
    }

    @Test func lengthsAreInTheirShortestForm() {
        let tail: [UInt8] = [0, 0, 0, 0] + [UInt8](repeating: 0, count: 125)
        #expect(decode([0x82, 0xFE, 0, 125] + tail) == [.failure(.protocolError)])
        #expect(decode([0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + tail) == [.failure(.protocolError)])
        #expect(decode([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0] + tail) == [.failure(.protocolError)])
    }

    @Test func continuationsNeedAMessageAndMessagesNone() {
        #expect(decode(ClientFrame.make(0, hello)) == [.failure(.protocolError)])
        #expect(
            decode(ClientFrame.text("a", isFinal: false) + ClientFrame.text("b")) == [.failure(.protocolError)])
    }

    @Test func tooBigIsDecidedFromTheHead() {
        let head: [UInt8] = [0x82, 0xFE, 0x01, 0x01, 0, 0, 0, 0]
        #expect(decode(head, frame: 256) == [.failure(.tooBig)])
        #expect(decode(head, frame: 257, message: 256) == [.failure(.tooBig)])
        #expect(decode(head, frame: 257, message: 257) == [])
        let largest: [UInt8] = [0x82, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 7) + [0, 0, 0, 0]
        #expect(decode(largest, frame: .max, message: 256) == [.failure(.tooBig)])
    }

    @Test func fragmentsTogetherAreBounded() {
        let fragment = ClientFrame.make(2, [1, 2, 3], isFinal: false)
        let bytes = fragment + ClientFrame.make(0, [4, 5, 6], isFinal: false) + ClientFrame.make(0, [7])
        #expect(decode(bytes, message: 7) == [.binary([1, 2, 3, 4, 5, 6, 7])])
        #expect(decode(bytes, message: 6) == [.failure(.tooBig)])
    }

    @Test func codePointsMayBeSplitOverFragments() {
        let euro = Array("€".utf8)
        let bytes = ClientFrame.make(1, [euro[0]], isFinal: false) + ClientFrame.make(0, Array(euro[1...]))
        #expect(decode(bytes) == [.text(euro)])
    }

    @Test func badTextFailsAtTheFirstBadByte() {
        #expect(decode(ClientFrame.make(1, [0x61, 0xC0])) == [.failure(.invalidPayload)])
        #expect(decode(ClientFrame.make(1, [0xE2, 0x82])) == [.failure(.invalidPayload)])
        #expect(decode(ClientFrame.make(1, [0xED, 0xA0, 0x80], isFinal: false)) == [.failure(.invalidPayload)])
        let cut = ClientFrame.make(1, [0xE2, 0x82, 0xFF] + hello).dropLast(5)
        #expect(decode(Array(cut)) == [.failure(.invalidPayload)])
        let open = ClientFrame.make(1, [0xE2], isFinal: false) + ClientFrame.make(0, [])
        #expect(decode(open) == [.failure(.invalidPayload)])
        #expect(decode(ClientFrame.make(2, [0xC0])) == [.binary([0xC0])])
    }

    @Test func closePayloadsAreChecked() {
        #expect(decode(ClientFrame.make(8)) == [.close(nil, "")])
        #expect(decode(ClientFrame.close(1000, Array("bye".utf8))) == [.close(1000, "bye")])
        #expect(decode(ClientFrame.make(8, [3])) == [.failure(.protocolError)])
        #expect(decode(ClientFrame.close(1000, [0xFF])) == [.failure(.invalidPayload)])
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] as [UInt16] {
            #expect(decode(ClientFrame.close(code)) == [.failure(.protocolError)], "\(code)")
        }
        for code in [1000, 1001, 1003, 1007, 1010, 1011, 1012, 3000, 3999, 4000, 4999] as [UInt16] {
            #expect(decode(ClientFrame.close(code)) == [.close(code, "")], "\(code)")
        }
    }

    /// A stream with everything in it.
    private var sample: [UInt8] {
        let long = String(repeating: "grüße €🙂 ", count: 20)
        return ClientFrame.text("Hello") + ClientFrame.make(9, hello) + ClientFrame.text(long, isFinal: false)
            + ClientFrame.make(10, []) + ClientFrame.make(0, Array("🙂".utf8.prefix(2)), isFinal: false)
            + ClientFrame.make(0, Array("🙂".utf8.dropFirst(2))) + ClientFrame.make(2, Array(0...255))
            + ClientFrame.text("") + ClientFrame.close(1001, Array("grüß dich".utf8))
    }

    @Test func splittingAnywhereChangesNothing() {
        let bytes = sample
        let whole = decode(bytes)
        #expect(whole.count == 7)
        for place in 0...bytes.count {
            var decoder = WebSocketDecoder(maximumFrame: 70_000, maximumMessage: 100_000)
            #expect(decoder.feed([Array(bytes[..<place]), Array(bytes[place...])]) == whole, "split at \(place)")
        }
        var decoder = WebSocketDecoder(maximumFrame: 70_000, maximumMessage: 100_000)
        #expect(decoder.feed(bytes.map { [$0] }) == whole)
    }

    @Test func mutatedStreamsNeverTrapAndSplitsAgree() {
        var random = SplitMix(seed: 6_455)
        for _ in 0..<1_500 {
            let bytes = sample.mutated(&random)
            let place = Int.random(in: 0...bytes.count, using: &random)
            var decoder = WebSocketDecoder(maximumFrame: 1_000, maximumMessage: 1_000)
            #expect(
                decoder.feed([Array(bytes[..<place]), Array(bytes[place...])])
                    == decode(bytes, frame: 1_000, message: 1_000))
        }
    }
}
