import Shared
import Testing

@testable import Gateway

@Suite struct MessageCompressorTests {
    private let text = [UInt8](String(repeating: "grüße €🙂 ", count: 50).utf8)

    private func compressor(_ offer: String, _ policy: CompressionPolicy, minimum: Int = 0) throws -> MessageCompressor
    {
        let agreed = try #require(PermessageDeflate.negotiate([offer], policy))
        return CompressionPool(minimumMessage: minimum).compressor(for: agreed)
    }

    private func frame(_ compressor: MessageCompressor, _ payload: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        compressor.append(.text, payload, to: &output)
        return output
    }

    /// What a client reads: whether the frame was compressed, and its message.
    private func read(_ frame: [UInt8], _ inflater: Inflater) -> (isCompressed: Bool, message: [UInt8]) {
        let start = frame[1] == 127 ? 10 : frame[1] == 126 ? 4 : 2
        guard frame[0] == 0xC1 else { return (false, Array(frame[start...])) }
        var message: [UInt8] = []
        let verdict = (frame[start...] + [0, 0, 0xFF, 0xFF]).withUnsafeBytes {
            inflater.append($0, to: &message, limit: 10_000_000)
        }
        #expect(verdict == .done)
        return (true, message)
    }

    @Test(arguments: [CompressionPolicy.takeover, .noTakeover], [8, 9, 12, 15])
    func clientsReadWhatWasWritten(_ policy: CompressionPolicy, _ bits: Int) throws {
        let compressor = try compressor("permessage-deflate; server_max_window_bits=\(bits)", policy)
        let inflater = Inflater()
        for size in [100, 1_000, 16_383, 16_384, 16_385, 70_000, 300_000] {
            var random = SplitMix(seed: UInt64(size))
            let noise = (0..<size / 4).map { _ in UInt8.random(in: 0...255, using: &random) }
            for message in [Array(repeatElement(text, count: size / text.count + 1).joined()), noise + text + noise] {
                #expect(read(frame(compressor, message), inflater).message == message)
                if policy == .noTakeover { inflater.restart() }
            }
        }
    }

    @Test func aTakenOverContextMakesARepeatedMessageShort() throws {
        let keeps = try compressor("permessage-deflate", .takeover)
        #expect(frame(keeps, text).count > frame(keeps, text).count)
        let forgets = try compressor("permessage-deflate", .noTakeover)
        #expect(frame(forgets, text) == frame(forgets, text))
    }

    @Test func shortMessagesAreLeftAlone() throws {
        let compressor = try compressor("permessage-deflate", .noTakeover, minimum: text.count)
        #expect(frame(compressor, Array(text.dropLast()))[0] == 0x81)
        #expect(frame(compressor, text)[0] == 0xC1)
    }

    /// What the client hasn't got compressed isn't in its window.
    @Test func whatDoesNotBecomeShorterIsSentAsItIsAndForgotten() throws {
        let compressor = try compressor("permessage-deflate", .takeover)
        let inflater = Inflater()
        var random = SplitMix(seed: 1)
        let noise = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(read(frame(compressor, text), inflater) == (true, text))
        #expect(read(frame(compressor, noise), inflater) == (false, noise))
        #expect(read(frame(compressor, noise + noise), inflater) == (true, noise + noise))
    }

    @Test func anIdleConnectionsWindowIsLetGo() throws {
        let compressor = try compressor("permessage-deflate", .takeover)
        let inflater = Inflater()
        let first = frame(compressor, text)
        compressor.releaseIfIdle()
        #expect(frame(compressor, text).count < first.count)
        compressor.releaseIfIdle()
        compressor.releaseIfIdle()
        let again = frame(compressor, text)
        #expect(again == first)
        #expect(read(again, inflater) == (true, text))
    }

    @Test func connectionsThatForgetShareTheirFrames() throws {
        let pool = CompressionPool(minimumMessage: 0)
        let plain = try #require(PermessageDeflate.negotiate(["permessage-deflate"], .noTakeover))
        let small = try #require(
            PermessageDeflate.negotiate(["permessage-deflate; server_max_window_bits=9"], .noTakeover))
        let own = try #require(PermessageDeflate.negotiate(["permessage-deflate"], .takeover))
        func style(_ agreed: PermessageDeflate) -> FrameStyle {
            FrameStyle(
                subscription: "0", destination: "/topic/a", version: .v12, compressor: pool.compressor(for: agreed))
        }
        #expect(style(plain) == style(plain))
        #expect(style(plain) != style(small))
        #expect(style(own) != style(own))
        #expect(style(own).uncompressed == style(plain).uncompressed)
    }
}
