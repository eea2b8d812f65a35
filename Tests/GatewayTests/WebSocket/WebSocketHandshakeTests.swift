import Shared
import Testing

@testable import Gateway

@Suite struct WebSocketHandshakeTests {
    private let usual = [
        ("Host", "chat.example"), ("Upgrade", "websocket"), ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
    ]

    private func request(_ method: String = "GET", minor: Int = 1, _ name: String = "", _ value: String? = nil)
        -> HTTPRequest
    {
        var headers = usual.filter { $0.0 != name }
        if let value { headers.append((name, value)) }
        return HTTPRequest(method: method, path: "/ws", minorVersion: minor, headers: HTTPHeaders(headers))
    }

    private func status(_ request: HTTPRequest) -> Int? {
        guard case .refuse(let response) = WebSocketHandshake.accept(request) else { return nil }
        return response.status
    }

    @Test func acceptsTheExampleOfSection1_3() {
        let result = WebSocketHandshake.accept(request("GET", "Sec-WebSocket-Protocol", "v12.stomp, v11.stomp"))
        #expect(result == .accept(key: "dGhlIHNhbXBsZSBub25jZQ==", offeredProtocols: ["v12.stomp", "v11.stomp"]))
        #expect(
            WebSocketHandshake.response(key: "dGhlIHNhbXBsZSBub25jZQ==", protocol: "v12.stomp")
                == Array(
                    ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                        + "Sec-WebSocket-Protocol: v12.stomp\r\n\r\n").utf8))
    }

    @Test func tokensCompareWithoutCase() {
        #expect(status(request("GET", "Upgrade", "WebSocket")) == nil)
        #expect(status(request("GET", "Connection", "UPGRADE")) == nil)
    }

    @Test func withoutAnOfferNoProtocolIsNamed() {
        let head = String(decoding: WebSocketHandshake.response(key: "x", protocol: nil), as: UTF8.self)
        #expect(!head.contains("Sec-WebSocket-Protocol"))
        #expect(head.hasSuffix("\r\n\r\n"))
    }

    @Test func refusesWhatSection4_2_1Forbids() {
        #expect(status(request("POST")) == 405)
        #expect(status(request(minor: 0)) == 426)
        #expect(status(request("GET", "Upgrade")) == 426)
        #expect(status(request("GET", "Connection", "keep-alive")) == 400)
        #expect(status(request("GET", "Host")) == 400)
        #expect(status(request("GET", "Sec-WebSocket-Key")) == 400)
        #expect(status(request("GET", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j")) == 400)
        #expect(status(request("GET", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ")) == 400)
    }

    @Test func anotherVersionIsToldWhichOneIsSpoken() {
        for value in ["8", "13, 8", nil] {
            guard case .refuse(let response) = WebSocketHandshake.accept(request("GET", "Sec-WebSocket-Version", value))
            else { return #expect(Bool(false), "accepted") }
            #expect(response.status == 426)
            #expect(response.headers.first("Sec-WebSocket-Version") == "13")
        }
    }
}
