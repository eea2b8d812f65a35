import Testing

@testable import Shared

@Suite struct ProxyProtocolTests {
    private let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    private func parse(_ text: String) -> ProxyProtocol.Step { ProxyProtocol.parse(Array(text.utf8)[...]) }

    private func binary(_ command: UInt8, _ family: UInt8, _ addresses: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(addresses.count >> 8), UInt8(addresses.count & 0xFF)] + addresses
    }

    @Test func versionOne() {
        let line = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"
        #expect(
            parse(line + "GET /")
                == .header(consumed: line.utf8.count, source: SocketAddress(literal: "192.0.2.1", port: 56_324)))
        let six = "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n"
        #expect(parse(six) == .header(consumed: six.utf8.count, source: SocketAddress(literal: "2001:db8::1", port: 1)))
        #expect(parse("PROXY UNKNOWN what ever\r\n") == .header(consumed: 25, source: nil))
        for count in 0..<line.utf8.count { #expect(ProxyProtocol.parse(Array(line.utf8).prefix(count)) == .needMore) }
        for bad in [
            "PROXY TCP4 192.0.2.1 192.0.2.2 70000 443\r\n", "PROXY TCP4 x 192.0.2.2 1 2\r\n", "PROXY TCP4 1.2.3.4\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 +2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "PROXY TCP4 192.0.2.1 x 1 2\r\n",
            "PROXY TCP4 192.0.2.1\u{0}x 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY " + String(repeating: "x", count: 200),
        ] {
            #expect(parse(bad) == .malformed, "\(bad)")
        }
    }

    @Test func versionTwo() {
        let four = binary(0x21, 0x11, [192, 0, 2, 1, 10, 0, 0, 1, 0xDC, 0x04, 0x01, 0xBB, 0x04, 0x00, 0x00])
        #expect(
            ProxyProtocol.parse((four + [1, 2])[...])
                == .header(consumed: four.count, source: SocketAddress(literal: "192.0.2.1", port: 56_324)))
        for count in 0..<four.count { #expect(ProxyProtocol.parse(four.prefix(count)) == .needMore) }
        let address: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        let six = binary(0x21, 0x21, address + address + [0, 7, 0, 8])
        #expect(
            ProxyProtocol.parse(six[...])
                == .header(consumed: six.count, source: SocketAddress(literal: "2001:db8::1", port: 7)))
        let local = binary(0x20, 0x00, [])
        #expect(ProxyProtocol.parse(local[...]) == .header(consumed: 16, source: nil))
        for bad in [
            binary(0x31, 0x11, Array(repeating: 0, count: 12)), binary(0x22, 0x11, Array(repeating: 0, count: 12)),
            binary(0x21, 0x11, [1, 2, 3]), binary(0x21, 0x21, Array(repeating: 0, count: 12)),
            binary(0x21, 0x41, Array(repeating: 0, count: 12)), signature + [0x21, 0x11, 0xFF, 0xFF],
        ] {
            #expect(ProxyProtocol.parse(bad[...]) == .malformed)
        }
    }

    @Test func otherConnectionsAreLeftAlone() {
        for text in ["GET / HTTP/1.1\r\n", "PUT / HTTP/1.1\r\n", "\r\nGET"] { #expect(parse(text) == .notProxy) }
        // Begins like one still.
        #expect(parse("P") == .needMore && parse("\r\n") == .needMore)
    }
    @Test func nothingTrapsOnNoise() {
        var random = SeededGenerator(state: 3)
        let seeds = [
            Array("PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n".utf8),
            binary(0x21, 0x11, [192, 0, 2, 1, 10, 0, 0, 1, 0xDC, 0x04, 0x01, 0xBB]),
            binary(0x21, 0x21, Array(repeating: 7, count: 36)),
        ]
        for round in 0..<6_000 {
            let bytes = random.mutate(seeds[round % 3])
            // Not at the start of its buffer, as behind other bytes of a read.
            let step = ProxyProtocol.parse(([0, 0, 0] + bytes)[3...])
            #expect(step == ProxyProtocol.parse(bytes[...]))
            if case .header(let consumed, _) = step { #expect(consumed <= bytes.count) }
        }
    }
}
