internal import Shared

/// The server's side of the opening handshake (RFC 6455, section 4.2).
enum WebSocketHandshake {
    enum Result: Equatable {
        case accept(key: String, offeredProtocols: [String])
        case refuse(HTTPResponse)
    }

    private static let version = "13"
    /// What section 1.3 puts behind the key.
    private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// Judges a request by section 4.2.1; who may connect is not judged here.
    static func accept(_ request: HTTPRequest) -> Result {
        guard request.method == "GET" else {
            return refuse(.methodNotAllowed, "A WebSocket is opened with GET.", [("Allow", "GET")])
        }
        guard request.minorVersion >= 1 else {
            return refuse(.upgradeRequired, "A WebSocket needs HTTP/1.1.", [("Upgrade", "websocket")])
        }
        guard has("websocket", in: request.headers.list("Upgrade")) else {
            return refuse(
                .upgradeRequired, "This address speaks WebSocket only.",
                [("Upgrade", "websocket"), ("Sec-WebSocket-Version", version)])
        }
        guard has("upgrade", in: request.headers.list("Connection")) else {
            return refuse(.badRequest, "The Connection header lacks the token Upgrade.")
        }
        // What follows the head is WebSocket, and never content.
        guard request.body.isEmpty, request.headers.first("Transfer-Encoding") == nil else {
            return refuse(.badRequest, "A handshake has no content.")
        }
        guard request.headers.all("Host").count == 1 else {
            return refuse(.badRequest, "The request needs one Host header.")
        }
        guard request.headers.all("Sec-WebSocket-Version") == [version] else {
            return refuse(
                .upgradeRequired, "Only version 13 of the WebSocket protocol is spoken here.",
                [("Upgrade", "websocket"), ("Sec-WebSocket-Version", version)])
        }
        let keys = request.headers.all("Sec-WebSocket-Key")
        guard keys.count == 1, let key = keys.first, Base64.decode(key.utf8)?.count == 16 else {
            return refuse(.badRequest, "Sec-WebSocket-Key must be 16 bytes in base64.")
        }
        return .accept(key: key, offeredProtocols: request.headers.list("Sec-WebSocket-Protocol"))
    }

    /// The answer 101 of section 4.2.2; `protocol` is one of those offered, or nil.
    static func response(key: String, protocol selected: String?, _ compression: PermessageDeflate? = nil) -> [UInt8] {
        let accepted = Base64.encode(SHA1.digest(Array((key + magic).utf8)))
        var head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        head += "Sec-WebSocket-Accept: \(accepted)\r\n"
        if let selected { head += "Sec-WebSocket-Protocol: \(selected)\r\n" }
        if let compression { head += "Sec-WebSocket-Extensions: \(compression.response)\r\n" }
        return Array((head + "\r\n").utf8)
    }

    private static func has(_ token: String, in list: [String]) -> Bool {
        list.contains { $0.lowercased() == token }
    }

    private static func refuse(_ code: ErrorCode, _ detail: String, _ extra: [(String, String)] = []) -> Result {
        var response = code.problem(detail)
        for (name, value) in extra { response.headers.add(name, value) }
        return .refuse(response)
    }
}
