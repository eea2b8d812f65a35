import Testing

@testable import Shared

@Suite struct HTTPRequestParserTests {
    /// Feeds a text in pieces of so many bytes, as a connection would, and returns all steps but `needMore`.
    private func parse(
        _ text: String, piece: Int = .max, limits: HTTPLimits = HTTPLimits(body: 1_000)
    ) -> [HTTPRequestParser.Step] {
        var parser = HTTPRequestParser(limits: limits)
        var steps: [HTTPRequestParser.Step] = []
        var left: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            left += rest.prefix(piece)
            rest = rest.dropFirst(piece)
            var available = 0..<left.count
            while true {
                let step = parser.next(left, &available)
                if step == .needMore { break }
                steps.append(step)
                if case .failure = step { return steps }
            }
            left = Array(left[available])
        }
        return steps
    }

    private func requests(_ text: String, piece: Int = .max) -> [HTTPRequest] {
        parse(text, piece: piece).compactMap { step in
            if case .request(let request) = step { request } else { nil }
        }
    }

    private func status(_ text: String, limits: HTTPLimits = HTTPLimits(body: 1_000)) -> Int? {
        guard case .failure(let failure) = parse(text, limits: limits).last else { return nil }
        return failure.status
    }

    @Test func aWholeRequestInPiecesOfEverySize() throws {
        let text =
            "\r\nPOST /a%20b?c=d&e HTTP/1.1\r\nHost: here\r\nX-Empty:\r\nContent-Length:  5 \r\n\r\nhello"
            + "GET / HTTP/1.1\r\nhost: here\r\nConnection: close\r\n\r\n"
        for piece in 1...text.utf8.count {
            let found = requests(text, piece: piece)
            try #require(found.count == 2)
            #expect(found[0].method == "POST" && found[0].path == "/a%20b" && found[0].query == "c=d&e")
            #expect(found[0].body == Array("hello".utf8) && found[0].keepsAlive)
            #expect(found[0].headers.first("x-empty") == "" && found[0].headers.first("content-length") == "5")
            #expect(found[1].path == "/" && found[1].query == nil && !found[1].keepsAlive && found[1].body.isEmpty)
        }
    }

    @Test func chunkedContentInPiecesOfEverySize() throws {
        let text =
            "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4;a=b\r\nWiki\r\nA\r\npedia in \n\r\n"
            + "0\r\nTrailer: dropped\r\n\r\nGET /y HTTP/1.1\r\nHost: h\r\n\r\n"
        for piece in 1...text.utf8.count {
            let found = requests(text, piece: piece)
            try #require(found.count == 2)
            #expect(found[0].body == Array("Wikipedia in \n".utf8))
            #expect(found[0].headers.first("Trailer") == nil && found[1].path == "/y")
        }
    }

    @Test func continueIsSaidOnlyWhileTheContentIsMissing() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        #expect(parse(head) == [.expectContinue])
        #expect(parse(head + "hi").count == 1)
        #expect(status(head.replacing("100-continue", with: "a-miracle")) == 417)
    }

    @Test func targetsInAllForms() {
        func path(_ target: String, _ method: String = "GET") -> String? {
            requests("\(method) \(target) HTTP/1.1\r\nHost: h\r\n\r\n").first?.path
        }
        #expect(path("http://elsewhere/a?b") == "/a")
        #expect(path("HTTP://elsewhere") == "/")
        #expect(path("*", "OPTIONS") == "*")
        for target in ["*", "a", "elsewhere:80", "/a b", "/\u{7F}"] { #expect(path(target) == nil) }
    }

    @Test func versionsAndConnections() {
        func keepsAlive(_ version: String, _ connection: String) -> Bool? {
            requests("GET / HTTP/\(version)\r\nHost: h\r\nConnection: \(connection)\r\n\r\n").first?.keepsAlive
        }
        #expect(keepsAlive("1.1", "x") == true && keepsAlive("1.1", "x, Close") == false)
        #expect(keepsAlive("1.0", "x") == false && keepsAlive("1.0", "Keep-Alive") == true)
        #expect(keepsAlive("1.0", "\u{212A}eep-Alive") == false)
        #expect(requests("GET / HTTP/1.0\r\n\r\n").count == 1)
    }

    /// RFC 9112: what two parsers could read differently is refused.
    @Test func ambiguousAndBrokenRequests() {
        let start = "POST / HTTP/1.1\r\nHost: h\r\n"
        let cases: [(String, Int)] = [
            (start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            (start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            (start + "Content-Length: 1, 1\r\n\r\n", 400), (start + "Content-Length: +1\r\n\r\n", 400),
            (start + "Content-Length: -1\r\n\r\n", 400), (start + "Content-Length: \r\n\r\n", 400),
            (start + "Content-Length: 99999999999999999999\r\n\r\n", 400),
            (start + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
            (start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
            (start + "Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFF\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n1 x\r\na\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n1;a\rb\r\na\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n1;a\u{0}\r\na\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: a\rb\r\n\r\n", 400),
            (start + "Transfer-Encoding: chunked\r\n\r\n0\r\nGET / HTTP/1.1\r\n\r\n", 400),
            // The Kelvin sign, whose lower case is a k, makes another coding.
            (start + "Transfer-Encoding: chun\u{212A}ed\r\n\r\n", 501),
            (start + "X: a\r\n b\r\n\r\n", 400), (start + "X : a\r\n\r\n", 400), (start + ": a\r\n\r\n", 400),
            (start + "X\r\n\r\n", 400), (start + "X: a\u{0}b\r\n\r\n", 400), (start + "X: a\rb\r\n\r\n", 400),
            (start + "X: a\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n", 400),
            ("G(T / HTTP/1.1\r\n", 400), ("GET / HTTP/2.0\r\n", 505), ("GET / FTP/1.1\r\n", 400),
            ("GET / HTTP/1.1 \r\n", 400),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ]
        for (text, expected) in cases { #expect(status(text) == expected, "\(text)") }
    }

    @Test func limits() {
        var limits = HTTPLimits(body: 10)
        limits.requestLine = 50
        limits.headerBytes = 100
        limits.headerCount = 5
        func status(_ text: String) -> Int? { self.status(text, limits: limits) }
        let start = "POST / HTTP/1.1\r\nHost: h\r\n"
        #expect(status("GET /" + String(repeating: "a", count: 100)) == 414)
        #expect(status(start + "X: " + String(repeating: "a", count: 100)) == 431)
        #expect(status(start + String(repeating: "X: 1\r\n", count: 6)) == 431)
        #expect(status(start + String(repeating: "X: 345678901234567890123456\r\n", count: 4)) == 431)
        #expect(status(start + "Content-Length: 11\r\n\r\n") == 413)
        #expect(status(start + "Content-Length: 10\r\n\r\n1234567890") == nil)
        #expect(status(start + "Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n") == 413)
        #expect(status(start + "Transfer-Encoding: chunked\r\n\r\n1;" + String(repeating: "x", count: 300)) == 400)
    }

    /// Chunks of one byte, each with a long extension, would cost many times what the limit of the content says.
    @Test func extensionsTogetherAreBounded() {
        let head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunk = "1;" + String(repeating: "x", count: 200) + "\r\na\r\n"
        var limits = HTTPLimits(body: 1_000)
        limits.headerBytes = 1_000
        #expect(status(head + String(repeating: chunk, count: 4) + "0\r\n\r\n", limits: limits) == nil)
        #expect(status(head + String(repeating: chunk, count: 5), limits: limits) == 400)
        // Each request counts for itself.
        let request = head + String(repeating: chunk, count: 4) + "0\r\n\r\n"
        let steps = parse(request + request, limits: limits)
        #expect(steps.count == 2 && steps[0] == steps[1])
    }

    @Test func tellsWhetherARequestHasBegun() {
        let text = Array("\r\nPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi".utf8)
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 10))
        #expect(!parser.hasPartial)
        var left: [UInt8] = []
        for (place, byte) in text.enumerated() {
            left.append(byte)
            var available = 0..<left.count
            _ = parser.next(left, &available)
            left = Array(left[available])
            // The empty line in front belongs to no request.
            if place >= 2 { #expect(parser.hasPartial == (place < text.count - 1)) }
        }
        #expect(left.isEmpty)
    }

    @Test func aFailureStays() {
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 10))
        let bad = Array("GET / HTTP/2.0\r\n".utf8)
        let good = Array("GET / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var available = 0..<bad.count
        let failure = parser.next(bad, &available)
        available = 0..<good.count
        #expect(parser.next(good, &available) == failure && failure != .needMore)
    }

    /// A line that comes byte by byte is looked at once: a line end that appears where the parser has been goes unseen.
    @Test func noByteIsScannedTwice() {
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 0))
        var bytes = [0, 0] + Array("GET /aaaa".utf8)
        var available = 2..<bytes.count
        #expect(parser.next(bytes, &available) == .needMore)
        bytes[bytes.count - 1] = 0x0A
        bytes += Array("bbb".utf8)
        // The buffer was moved meanwhile, as a connection does with what is left.
        bytes = Array(bytes[available.lowerBound...])
        available = 0..<bytes.count
        #expect(parser.next(bytes, &available) == .needMore)
    }

    /// Who sends it can be looked at before a byte of it is kept.
    @Test func aHeadIsAnnouncedBeforeItsContent() {
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 100), announces: true)
        let bytes = Array("POST /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8)
        var available = 0..<bytes.count
        guard case .announced(let head, 2, true) = parser.next(bytes, &available) else {
            Issue.record("not announced")
            return
        }
        #expect(head.path == "/x" && available.isEmpty)
        var content = 0..<2
        guard case .request(let request) = parser.next(Array("hi".utf8), &content) else {
            Issue.record("not whole")
            return
        }
        #expect(request.body == Array("hi".utf8))
    }

    @Test(arguments: [1, 2, 7, 1_000]) func contentThatIsStreamedComesInPieces(piece: Int) {
        let text =
            "POST /files HTTP/1.1\r\nHost: h\r\nContent-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2_000)
            + "POST /files HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;a=b\r\ndefg\r\n0\r\n\r\n"
            + "GET /files HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 10)) { $0.path == "/files" }
        var contents: [String] = []
        var lengths: [Int?] = []
        var whole: [String] = []
        var left: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            left += rest.prefix(piece)
            rest = rest.dropFirst(piece)
            var available = 0..<left.count
            reading: while true {
                switch parser.next(left, &available) {
                case .needMore: break reading
                case .streamed(_, let length, _):
                    lengths.append(length)
                    contents.append("")
                case .content(let range): contents[contents.count - 1] += String(decoding: left[range], as: UTF8.self)
                case .contentEnd: contents[contents.count - 1] += "."
                case .request(let request): whole.append(request.path)
                case .expectContinue, .announced, .failure: Issue.record("that was no part of it")
                }
            }
            left = Array(left[available])
        }
        #expect(contents == [String(repeating: "x", count: 2_000) + ".", "abcdefg.", "."])
        #expect(lengths == [2_000, nil, 0])
        #expect(whole == ["/"])
    }

    @Test func nothingTrapsOnNoise() {
        var random = SeededGenerator(state: 7)
        let seeds = [
            "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n0\r\n\r\n",
            "POST /a?b HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        ]
        for round in 0..<4_000 {
            var bytes = Array(seeds[round % 2].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var parser = HTTPRequestParser(limits: HTTPLimits(body: 100))
            var available = 0..<bytes.count
            for _ in 0..<20 where parser.next(bytes, &available) == .needMore { break }
            #expect(available.upperBound == bytes.count)
        }
    }
}
