import Testing

@testable import Shared

@Suite struct HTTPMessagesTests {
    private func written(_ response: HTTPResponse, isHead: Bool = false, keepsAlive: Bool = true) -> String {
        var output: [UInt8] = []
        HTTPResponseWriter.append(response, to: &output, isHead: isHead, keepsAlive: keepsAlive, now: 784_111_777)
        return String(decoding: output, as: UTF8.self)
    }

    @Test func responses() {
        let response = HTTPResponse(status: 200, headers: HTTPHeaders([("X", "y")]), body: Array("abc".utf8))
        #expect(
            written(response)
                == "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-Content-Type-Options: nosniff\r\nX: y\r\nContent-Length: 3\r\n"
                + "Connection: keep-alive\r\n\r\nabc")
        #expect(
            written(response, isHead: true, keepsAlive: false).hasSuffix(
                "Content-Length: 3\r\nConnection: close\r\n\r\n"))
        #expect(!written(HTTPResponse(status: 204)).contains("Content-Length"))
        #expect(!written(HTTPResponse(status: 304, body: [1])).contains("Content-Length"))
    }

    @Test func aLineEndInAHeaderSplitsNothing() {
        let headers = HTTPHeaders([("X", "a\r\nSet-Cookie: b"), ("Y\r\nZ", "c"), ("Good", "d")])
        let text = written(HTTPResponse(status: 200, headers: headers))
        #expect(!text.contains("Set-Cookie") && !text.contains("Z: c") && text.contains("Good: d"))
    }

    @Test func problems() throws {
        let response = ErrorCode.tryLater.problem("No \"luck\".", retryAfter: 2, extra: [("field", .string("x"))])
        #expect(response.headers.first("content-type") == "application/problem+json")
        #expect(response.headers.first("retry-after") == "2")
        let body = try #require(try JSONParser.parse(response.body).object)
        #expect(body["status"]?.integer == 503 && body["title"]?.string == "Service Unavailable")
        #expect(body["code"]?.string == "try-later" && body["detail"]?.string == "No \"luck\".")
        #expect(body["field"]?.string == "x" && body["number"]?.integer == 400)
    }

    @Test func queries() {
        let query = HTTPQuery("a=1&b=x%20y+z&c&a=2&%C3%A4=%F0%9F%98%80")
        #expect(query?.first("a") == "1" && query?.first("b") == "x y z" && query?.first("c") == "")
        #expect(query?.first("ä") == "😀" && query?.first("d") == nil)
        for bad in ["a=%", "a=%2", "a=%zz", "a=%FF"] { #expect(HTTPQuery(bad)?.first("a") == nil) }
        #expect(PercentEncoding.encode("a b/ä") == "a%20b%2F%C3%A4")
        #expect(PercentEncoding.decode("a%20b%2F%C3%A4+") == "a b/ä+")
    }
}
