import Testing

@testable import Gateway

@Suite struct StompEncoderTests {
    private func text(_ write: (inout [UInt8]) -> Void) -> String {
        var output: [UInt8] = []
        write(&output)
        return String(decoding: output, as: UTF8.self)
    }

    private func value(_ value: String, _ version: StompVersion) -> String {
        let frame = text { StompEncoder.append("RECEIPT", [("a", value)], version: version, to: &$0) }
        return String(frame.dropFirst("RECEIPT\na:".count).dropLast("\ncontent-length:0\n\n\0".count))
    }

    @Test func everyFrameHasItsContentLengthInBytesAndANul() {
        let headers = [("subscription", "0"), ("destination", "/topic/x")]
        #expect(
            text { StompEncoder.appendMessage(headers, body: "ü€".utf8, version: .v12, to: &$0) }
                == "MESSAGE\nsubscription:0\ndestination:/topic/x\ncontent-length:5\n\nü€\0")
    }

    @Test func valuesAreEscapedByVersion() {
        #expect(value("a:b\nc\\d\re", .v12) == "a\\cb\\nc\\\\d\\re")
        #expect(value("a:b\nc\\d", .v11) == "a\\cb\\nc\\\\d")
        #expect(value("a:b\\d", .v10) == "a:b\\d")
        #expect(value("a\tü", .v12) == "a\tü")
    }

    @Test func noValueCanEndItsLineOrItsFrame() {
        #expect(value("a\nb\rc\0d", .v10) == "a b c d")
        #expect(value("a\0b", .v11) == "a b")
        #expect(value("a\0b", .v12) == "a b")
    }

    @Test func connectedSaysWhatWasAgreedAndHoldsNoBackslash() {
        let connect = StompConnect(
            version: .v12, offer: StompHeartBeatOffer(send: 10_000, expect: 20_000), sendEvery: 0, expectEvery: 0)
        let frame = text {
            StompEncoder.appendConnected(connect, session: "a\\b", server: "Parley", userName: "x:y", to: &$0)
        }
        let head = "CONNECTED\nversion:1.2\nheart-beat:10000,20000\nsession:a b\nserver:Parley\nuser-name:x:y\n"
        #expect(frame == head + "content-length:0\n\n\0")
    }

    @Test func receiptNamesTheReceipt() {
        #expect(
            text { StompEncoder.appendReceipt("r:1", [("message-id", "7")], version: .v12, to: &$0) }
                == "RECEIPT\nreceipt-id:r\\c1\nmessage-id:7\ncontent-length:0\n\n\0")
    }

    @Test func errorHasMessageCodeReceiptAndTheFailuresHeaders() {
        let failure = StompFailure("some-code", "A sentence.", headers: [("version", "1.2,1.1")], receiptID: "r1")
        let head =
            "ERROR\nmessage:A sentence.\ncode:some-code\ncontent-type:text/plain\nreceipt-id:r1\nversion:1.2,1.1\n"
        #expect(
            text { StompEncoder.appendError(failure, version: .v12, to: &$0) }
                == head + "content-length:11\n\nA sentence.\0")
    }

    @Test(arguments: [StompVersion.v11, .v12])
    func whatIsEscapedIsReadBack(_ version: StompVersion) {
        let value = "a:b\nc\\\\n\\d"
        var output: [UInt8] = []
        StompEncoder.append("SEND", [("x:\\", value)], version: version, to: &output)
        var feed = StompFeed(version)
        guard case .frame(let frame) = feed.feed([output]).first else {
            Issue.record("not read")
            return
        }
        #expect(frame.header("x:\\") == value)
    }
}
