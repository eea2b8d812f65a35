import Testing

@testable import Shared

@Suite struct SocketAddressTests {
    /// The same address is the same value however it was written: by the kernel, an operator or a balancer.
    @Test func addressesHaveOneForm() {
        for text in ["2001:db8::1", "2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8:0::0:1"] {
            #expect(SocketAddress(literal: text, port: 1)?.host == "2001:db8::1", "\(text)")
        }
        #expect(SocketAddress(literal: "192.0.2.1", port: 80)?.description == "192.0.2.1:80")
        #expect(SocketAddress(literal: "::1", port: 80)?.description == "[::1]:80")
    }

    @Test func onlyLiterals() {
        for text in [
            "", "localhost", "192.0.2", "192.0.2.256", "192.0.2.01", "fe80::1%eth0", "[::1]", " ::1", "192.0.2.1\u{0}x",
            "::1\u{0}",
        ] {
            #expect(SocketAddress(literal: text, port: 1) == nil, "\(text)")
        }
    }
}
