import Testing

@testable import Shared

@Suite struct HTTPHostTests {
    private func status(_ request: String) -> Int? {
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 100))
        let bytes = Array(request.utf8)
        var available = 0..<bytes.count
        if case .failure(let failure) = parser.next(bytes, &available) { return failure.status }
        return nil
    }

    @Test(arguments: ["", "h", "a.example", "A-1.example:8080", "127.0.0.1:80", "[::1]", "[::1]:8080", "h:", "%61"])
    func whatIsAHostIsTaken(host: String) {
        #expect(status("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == nil)
    }

    @Test(arguments: [
        "a b", "a/../b", "<script>", "a:99999", "[::1", "[]", "[::1]x", "u@h", "a:b", "a,b c", "h:1:2", "%6", "h#f",
        "\"",
    ])
    func whatIsNoHostIsRefused(host: String) {
        #expect(status("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n") == 400)
    }

    @Test(arguments: [
        "/healthz#frag", "#", "http://x:80@evil/healthz", "http:///healthz", "http://a b/", "http://[::1/x",
    ])
    func targetsThatNobodyMayMeanAreRefused(target: String) {
        #expect(status("GET \(target) HTTP/1.1\r\nHost: h\r\n\r\n") == 400)
    }

    @Test func twoTokensAreRefused() {
        let line = "Authorization: Bearer x\r\n"
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\n\(line)\r\n") == nil)
        #expect(status("GET / HTTP/1.1\r\nHost: h\r\n\(line)\(line)\r\n") == 400)
    }
}
