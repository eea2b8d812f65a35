import Testing

@testable import Shared

@Suite struct MultipartParserTests {
    private struct Part: Equatable {
        var name: String?
        var content = ""
        var isWhole = false
    }

    /// What is read of these pieces, one after the other.
    private func read(_ pieces: [[UInt8]], boundary: String = "AaB03x") throws(MultipartError) -> [Part] {
        guard var parser = MultipartParser(boundary: boundary) else { return [] }
        var parts: [Part] = []
        var content: [UInt8] = []
        for piece in pieces {
            parser.append(piece)
            while let event = try parser.next() {
                switch event {
                case .part(let headers): parts.append(Part(name: headers.first("Content-Disposition")))
                case .content(let bytes): content += bytes
                case .partEnd:
                    parts[parts.count - 1].content = String(decoding: content, as: UTF8.self)
                    parts[parts.count - 1].isWhole = true
                    content = []
                }
            }
        }
        try parser.finish()
        return parts
    }

    private func read(_ text: String, boundary: String = "AaB03x") throws(MultipartError) -> [Part] {
        try read([Array(text.utf8)], boundary: boundary)
    }

    private let form = """
        a preamble\r
        --AaB03x\r
        Content-Disposition: one\r
        \r
        Joe\r
        --AaB0\r
        --\r
        --AaB03x \t\r
        content-disposition:two\r
        X-Other: x\r
        \r
        \r\r\n\r\n-\r
        --AaB03x\r
        Content-Disposition: three\r
        \r
        \r
        --AaB03x--\r
        an epilogue
        """

    private let parts = [
        Part(name: "one", content: "Joe\r\n--AaB0\r\n--", isWhole: true),
        Part(name: "two", content: "\r\r\n\r\n-", isWhole: true), Part(name: "three", isWhole: true),
    ]

    @Test func everyCutInTwoReadsTheSame() throws {
        let bytes = Array(form.utf8)
        for cut in 0...bytes.count {
            #expect(try read([Array(bytes[..<cut]), Array(bytes[cut...])]) == parts, "cut at \(cut)")
        }
        #expect(try read(bytes.map { [$0] }) == parts)
    }

    @Test func everyBeginningIsTruncated() throws {
        let bytes = Array(form.utf8)
        // Behind the last boundary nothing more has to come, but half a line end is none.
        let end = try #require(bytes[...].first(of: Array("--AaB03x--".utf8))).upperBound
        for count in 0..<end {
            #expect(throws: MultipartError.truncated) { try read([Array(bytes[..<count])]) }
        }
        #expect(try read([Array(bytes[..<end])]) == parts)
        #expect(throws: MultipartError.truncated) { try read([Array(bytes[...end])]) }
    }

    @Test func aPartMayBeEmptyWithoutALineEndOfItsOwn() throws {
        let text = "--b\r\nContent-Disposition: x\r\n\r\n--b--"
        #expect(try read(text, boundary: "b") == [Part(name: "x", isWhole: true)])
        #expect(try read(Array(text.utf8).map { [$0] }, boundary: "b") == [Part(name: "x", isWhole: true)])
        #expect(try read("--b\r\n\r\nx\r\n--b--", boundary: "b") == [Part(content: "x", isWhole: true)])
        #expect(try read("--b--", boundary: "b") == [])
    }

    @Test(arguments: [
        // What begins like a boundary may be one to another reader.
        "--b\r\n\r\nx\r\n--bc\r\n\r\n--b--", "--b\r\n\r\nx\r\n--b -- \r\n", "--b\r\n\r\nx\r\n--b--xy", "--b-\r\n\r\n",
        "--b\n\nx\n--b--", "--b\r\nName: x\n\r\nx\r\n--b--", "--b\r\nno colon\r\n\r\nx\r\n--b--",
        "--b\r\nName : x\r\n\r\nx\r\n--b--", "--b\r\nName: x\r\n folded\r\n\r\nx\r\n--b--",
        "--b\r\nName: \u{0}\r\n\r\nx\r\n--b--",
    ])
    func whatIsBuiltOtherwiseIsRefused(text: String) {
        #expect(throws: MultipartError.malformed) { try read(text, boundary: "b") }
    }

    @Test func aFailureStays() throws {
        var parser = try #require(MultipartParser(boundary: "b"))
        parser.append(Array("--b\nx".utf8))
        #expect(throws: MultipartError.malformed) { try parser.next() }
        parser.append(Array("\r\n--b--".utf8))
        #expect(throws: MultipartError.malformed) { try parser.next() }
        #expect(throws: MultipartError.malformed) { try parser.finish() }
    }

    @Test func everythingBesideContentIsBounded() throws {
        let outer = String(repeating: "x", count: MultipartParser.maximumOuterBytes + 1)
        let long = String(repeating: "y", count: MultipartParser.maximumHeaderBytes)
        for text in [
            outer + "\r\n--b--", "--b--\r\n" + outer, "--b" + outer.replacing("x", with: " ") + "\r\n",
            "--b--" + outer.replacing("x", with: " "), "--b\r\nName: " + long, "--b\r\nName: " + long + "\r\n",
            "--b\r\n" + String(repeating: "a:\r\n", count: MultipartParser.maximumHeaderBytes / 4) + "\r\n",
        ] {
            #expect(throws: MultipartError.tooLong) { try read(text, boundary: "b") }
            #expect(throws: MultipartError.tooLong) { try read(Array(text.utf8).map { [$0] }, boundary: "b") }
        }
        let part = "--b\r\n\r\nx\r\n"
        #expect(try read(String(repeating: part, count: 16) + "--b--", boundary: "b").count == 16)
        #expect(throws: MultipartError.tooManyParts) {
            try read(String(repeating: part, count: 17) + "--b--", boundary: "b")
        }
    }

    @Test func contentIsHandedOverAtOnce() throws {
        var parser = try #require(MultipartParser(boundary: "boundary"))
        parser.append(Array("--boundary\r\n\r\n".utf8) + Array(repeating: 0x0D, count: 100_000))
        var count = 0
        while let event = try parser.next() {
            if case .content(let bytes) = event { count += bytes.count }
        }
        // All but what may be the beginning of a boundary.
        #expect(count == 100_000 - "\r\n--boundary".utf8.count + 1)
    }

    @Test func boundariesHaveOneTo70Characters() {
        let longest = String(repeating: "a", count: 70)
        for good in ["a", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "'()+_,-./:=? x", longest] {
            #expect(MultipartParser(boundary: good) != nil)
        }
        for bad in ["", longest + "a", "a ", "a\r\nb", "ä", "a\"", "a;b"] {
            #expect(MultipartParser(boundary: bad) == nil)
        }
    }

    @Test func parametersAreRead() throws {
        let text =
            "Form-Data; name=\"fi;le\" ;\tFILENAME = \"a \\\"b\\\\ C:\\dir\\x.png\"; filename*=UTF-8'de'%C3%9C.pdf;"
        let read = try #require(HeaderParameters(text))
        #expect(read.value == "form-data" && read.first("name") == "fi;le")
        #expect(read.first("filename") == "a \"b\\ C:\\dir\\x.png")
        #expect(read.extended("filename") == "Ü.pdf")
        #expect(HeaderParameters("a; b*=ISO-8859-1''%FC")?.extended("b") == nil)
        #expect(HeaderParameters("a; b*=UTF-8''%FC")?.extended("b") == nil)
        #expect(HeaderParameters("a")?.first("b") == nil)
        func many(_ count: Int) -> String { "a" + (0..<count).map { "; p\($0)=v" }.joined() }
        #expect(HeaderParameters(many(16))?.first("p15") == "v")
        #expect(HeaderParameters(many(17)) == nil)
        for bad in ["", "; a=b", "a; b", "a; =b", "a; b=\"c", "a; b=\"c\"d", "a; b=c; B=d", "a; b=c\"d\""] {
            #expect(HeaderParameters(bad) == nil, "\(bad)")
        }
    }
}
