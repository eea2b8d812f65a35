import Shared
import Testing

@testable import Gateway

@Suite struct CompressedDecoderTests {
    private static let compressed: UInt8 = 0x40
    private let hello = Array("Hello".utf8)

    private func decoder(
        _ policy: CompressionPolicy = .takeover, offer: String = "permessage-deflate", message: Int = 100_000
    ) throws -> WebSocketDecoder {
        let agreed = try #require(PermessageDeflate.negotiate([offer], policy))
        return WebSocketDecoder(
            maximumFrame: 100_000, maximumMessage: message,
            decompressor: MessageDecompressor(agreed, pool: CompressionPool(minimumMessage: 0)))
    }

    private func decode(_ bytes: [UInt8], _ policy: CompressionPolicy = .takeover, message: Int = 100_000) throws
        -> [Seen]
    {
        var decoder = try decoder(policy, message: message)
        return decoder.feed([bytes])
    }

    private func frame(_ opcode: UInt8, _ payload: [UInt8], isFinal: Bool = true) -> [UInt8] {
        ClientFrame.make(opcode, payload, isFinal: isFinal, reserved: Self.compressed)
    }

    /// The messages as a client compresses them, one after the other.
    private func deflated(_ messages: [[UInt8]], windowBits: Int = 15, forgets: Bool = false) -> [[UInt8]] {
        let deflater = Deflater(windowBits: windowBits)
        return messages.map { message in
            var output: [UInt8] = []
            message.withUnsafeBytes { deflater.append($0, to: &output) }
            if forgets { deflater.reset() }
            return output
        }
    }

    /// Found by the fuzzer: bytes that are no text, and behind them some that can't be inflated.
    @Test func theSameIsSaidHoweverTheStreamWasCut() throws {
        let start = frame(1, [0xF2, 0x48, 0x94], isFinal: false)
        let bytes = start + ClientFrame.make(0, [0xFA, 0x95, 0x02, 0x52, 0xFA, 0, 0, 0, 0, 0, 0])
        func failure(_ size: Int) throws -> String? {
            var decoder = try decoder()
            var buffer: [UInt8] = []
            for at in stride(from: 0, to: bytes.count, by: size) {
                buffer += bytes[at..<min(at + size, bytes.count)]
                var available = 0..<buffer.count
                if case .failure(_, let reason) = decoder.next(&buffer, &available) { return reason }
                buffer.removeFirst(available.lowerBound)
            }
            return nil
        }
        let atOnce = try failure(bytes.count)
        #expect(atOnce != nil)
        for size in 1..<bytes.count { #expect(try failure(size) == atOnce) }
    }

    // MARK: RFC 7692, section 7.2.3

    @Test func readsTheMessageOfSection7_2_3_1() throws {
        #expect(try decode(frame(1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])) == [.text(hello)])
        let fragments = frame(1, [0xF2, 0x48, 0xCD], isFinal: false) + ClientFrame.make(0, [0xC9, 0xC9, 0x07, 0x00])
        #expect(try decode(fragments) == [.text(hello)])
    }

    @Test func readsTheSharedWindowOfSection7_2_3_2() throws {
        let first = frame(1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00])
        let second = frame(1, [0xF2, 0x00, 0x11, 0x00, 0x00])
        #expect(try decode(first + second) == [.text(hello), .text(hello)])
        #expect(try decode(first + second, .noTakeover) == [.text(hello), .failure(.invalidPayload)])
        #expect(try decode(first + first, .noTakeover) == [.text(hello), .text(hello)])
    }

    @Test func readsTheStoredBlockOfSection7_2_3_3() throws {
        #expect(try decode(frame(1, [0x00, 0x05, 0x00, 0xFA, 0xFF] + hello + [0x00])) == [.text(hello)])
    }

    @Test func readsTheLastBlockOfSection7_2_3_4() throws {
        let last = frame(1, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00])
        #expect(try decode(last) == [.text(hello)])
        // What comes after it may still refer to it.
        #expect(try decode(last + frame(1, [0xF2, 0x00, 0x11, 0x00, 0x00])) == [.text(hello), .text(hello)])
    }

    /// Each costs a copy of the window, and the client two bytes; the next message counts anew.
    @Test func lastBlocksAreCounted() throws {
        func message(_ count: Int) -> [UInt8] { frame(1, Array(repeating: [0x03, 0x00], count: count).flatMap { $0 }) }
        #expect(try decode(message(64) + message(64)) == [.text([]), .text([])])
        #expect(try decode(message(65)) == [.failure(.invalidPayload)])
    }

    @Test func readsTheTwoBlocksOfSection7_2_3_5() throws {
        let blocks: [UInt8] = [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]
        #expect(try decode(frame(1, blocks)) == [.text(hello)])
    }

    @Test func readsTheEmptyMessageOfSection7_2_3_6() throws {
        #expect(try decode(frame(1, [0x00])) == [.text([])])
        #expect(try decode(frame(2, [])) == [.binary([])])
    }

    // MARK: RFC 7692, section 6

    @Test func aMessageMayAlsoComeAsItIs() throws {
        #expect(try decode(ClientFrame.text("Hello") + frame(1, deflated([hello])[0])) == [.text(hello), .text(hello)])
    }

    @Test func withoutTheExtensionTheBitIsAnError() {
        var decoder = WebSocketDecoder(maximumFrame: 100, maximumMessage: 100)
        #expect(decoder.feed([frame(1, [0])]) == [.failure(.protocolError)])
    }

    @Test func onlyAMessagesFirstFrameBearsTheBit() throws {
        #expect(try decode(frame(1, [0xF2], isFinal: false) + frame(0, [0])) == [.failure(.protocolError)])
        for opcode in [8, 9, 10] as [UInt8] { #expect(try decode(frame(opcode, [])) == [.failure(.protocolError)]) }
        for bits in [0x10, 0x20, 0x50, 0x60] as [UInt8] {
            #expect(try decode(ClientFrame.make(1, [0], reserved: bits)) == [.failure(.protocolError)])
        }
    }

    @Test func controlFramesStandBetweenCompressedFragments() throws {
        let bytes =
            frame(1, [0xF2, 0x48, 0xCD], isFinal: false) + ClientFrame.make(9, [1])
            + ClientFrame.make(0, [0xC9, 0xC9, 0x07, 0x00])
        #expect(try decode(bytes) == [.ping([1]), .text(hello)])
    }

    // MARK: Limits

    @Test func theLimitIsOnTheInflatedBytes() throws {
        let message = [UInt8](repeating: 0x61, count: 1_000)
        let bytes = frame(2, deflated([message])[0])
        #expect(bytes.count < 100)
        #expect(try decode(bytes, message: 1_000) == [.binary(message)])
        #expect(try decode(bytes, message: 999) == [.failure(.tooBig)])
    }

    @Test func aBombIsStoppedAtTheLimit() throws {
        let bomb = deflated([[UInt8](repeating: 0, count: 50_000_000)])[0]
        #expect(bomb.count < 60_000)
        #expect(try decode(frame(2, bomb), message: 65_536) == [.failure(.tooBig)])
        let half = bomb.count / 2
        let pieces = frame(2, Array(bomb[..<half]), isFinal: false) + ClientFrame.make(0, Array(bomb[half...]))
        #expect(try decode(pieces, message: 65_536) == [.failure(.tooBig)])
    }

    @Test func whatUnfoldsAtTheEndCountsToo() throws {
        // Blocks that yield nothing aren't counted as the message's bytes, however many they are.
        let empty = (0..<1_000).flatMap { _ in [0x00, 0x00, 0x00, 0xFF, 0xFF] as [UInt8] }
        #expect(try decode(frame(2, empty + [0x00]), message: 10) == [.binary([])])
    }

    @Test func whatIsNotDeflateIsInvalid() throws {
        #expect(try decode(frame(2, [0xFF, 0xFF])) == [.failure(.invalidPayload)])
        #expect(try decode(frame(1, deflated([[0x61, 0xC0]])[0])) == [.failure(.invalidPayload)])
        #expect(try decode(frame(1, deflated([[0xE2, 0x82]])[0])) == [.failure(.invalidPayload)])
    }

    // MARK: Contexts

    private var talk: [[UInt8]] {
        var random = SplitMix(seed: 7_692)
        let words = (0..<40).map { _ in (0..<8).map { _ in UInt8.random(in: 97...122, using: &random) } }
        return (0..<30).map { number in
            (0..<number * 10).flatMap { _ in words.randomElement(using: &random) ?? [] } + Array("grüße €🙂".utf8)
        }
    }

    @Test(arguments: [9, 10, 12, 15]) func aTakenOverContextOutlastsTheMessages(_ bits: Int) throws {
        let offer = "permessage-deflate; client_max_window_bits=\(bits)"
        var decoder = try decoder(offer: offer)
        let bytes = deflated(talk, windowBits: min(bits, 12)).flatMap { frame(1, $0) }
        #expect(decoder.feed([bytes]) == talk.map { .text($0) })
    }

    /// An idle connection owns no decompressor, be it with takeover or without.
    @Test(arguments: [CompressionPolicy.takeover, .noTakeover])
    func aDecompressorIsLentForAMessage(_ policy: CompressionPolicy) throws {
        let agreed = try #require(PermessageDeflate.negotiate(["permessage-deflate"], policy))
        let pool = CompressionPool(minimumMessage: 0)
        let only = pool.takeInflater()
        pool.giveBack(only)
        var decoder = WebSocketDecoder(
            maximumFrame: 100, maximumMessage: 100, decompressor: MessageDecompressor(agreed, pool: pool))
        #expect(decoder.feed([frame(1, [0xF2, 0x48, 0xCD], isFinal: false)]) == [])
        #expect(pool.takeInflater() !== only)
        #expect(decoder.feed([ClientFrame.make(0, [0xC9, 0xC9, 0x07, 0x00])]) == [.text(hello)])
        #expect(pool.takeInflater() === only)
    }

    @Test func splittingAnywhereChangesNothing() throws {
        let messages = Array(talk[..<4])
        let bytes = deflated(messages).enumerated().flatMap { number, payload in
            number % 2 == 0
                ? frame(1, payload)
                : frame(1, Array(payload.prefix(5)), isFinal: false) + ClientFrame.make(0, Array(payload.dropFirst(5)))
        }
        for place in 0...bytes.count {
            var decoder = try decoder()
            #expect(
                decoder.feed([Array(bytes[..<place]), Array(bytes[place...])]) == messages.map { .text($0) },
                "split at \(place)")
        }
        var decoder = try decoder()
        #expect(decoder.feed(bytes.map { [$0] }) == messages.map { .text($0) })
    }

    @Test func mutatedStreamsNeverTrapAndSplitsAgree() throws {
        var random = SplitMix(seed: 1_951)
        let bytes = deflated(Array(talk[..<6])).flatMap { frame(2, $0) }
        for _ in 0..<1_000 {
            let mutated = bytes.mutated(&random)
            let place = Int.random(in: 0...mutated.count, using: &random)
            var whole = try decoder(message: 1_000)
            var split = try decoder(message: 1_000)
            #expect(
                split.feed([Array(mutated[..<place]), Array(mutated[place...])]) == whole.feed([mutated]))
        }
    }
}
