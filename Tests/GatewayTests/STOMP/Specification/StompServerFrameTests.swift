import Testing

@testable import Gateway

/// Each MUST of the section "Server Frames" and of what it says about encoding.
@Suite struct StompServerFrameTests {
    private func message(_ headers: [(String, String)], _ body: String, _ version: StompVersion) -> String {
        var output: [UInt8] = []
        StompEncoder.appendMessage(headers, body: Array(body.utf8), version: version, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("Value Encoding: the reverse transformation MUST be applied when encoding")
    func escapes() {
        let value = [("k:", "a\nb:c\\d\re")]
        #expect(message(value, "", .v12) == "MESSAGE\nk\\c:a\\nb\\cc\\\\d\\re\ncontent-length:0\n\n\0")
        #expect(message(value, "", .v11) == "MESSAGE\nk\\c:a\\nb\\cc\\\\d\re\ncontent-length:0\n\n\0")
    }

    @Test("Value Encoding: a value comes back as it was sent", arguments: [StompVersion.v11, .v12])
    func roundTrip(_ version: StompVersion) {
        var conversation = StompConversation(version)
        let value = "a:b\\n\n\\c ä "
        let text = message([("destination", value)], "", version).replacing("MESSAGE", with: "SEND", maxReplacements: 1)
        #expect(conversation.sent(text)?.header("destination") == value)
    }

    @Test("Header content-length: a body with NULs MUST have it, in octets")
    func contentLength() {
        #expect(message([], "ä\0", .v12) == "MESSAGE\ncontent-length:3\n\nä\0\0")
    }

    @Test("MESSAGE: MUST include destination, message-id and subscription, and ack where it has to be acknowledged")
    func messageHeaders() {
        let style = FrameStyle(subscription: "s", destination: "/d", version: .v12)
        let frame = MessageFrame.encode(style, id: "m", event: "message", ack: "a", body: Array("{}".utf8))
        let lines = String(decoding: frame, as: UTF8.self).split(separator: "\n")
        for header in ["subscription:s", "destination:/d", "message-id:m", "ack:a", "content-length:2"] {
            #expect(lines.contains(Substring(header)))
        }
    }

    @Test("RECEIPT: the value of the receipt header, and an empty body")
    func receipt() {
        var output: [UInt8] = []
        StompEncoder.appendReceipt("message-12345", version: .v12, to: &output)
        #expect(
            String(decoding: output, as: UTF8.self) == "RECEIPT\nreceipt-id:message-12345\ncontent-length:0\n\n\0")
    }

    @Test("ERROR: a message header, and the receipt-id of the frame it is about")
    func error() {
        var output: [UInt8] = []
        StompEncoder.appendError(StompFailure("c", "Why.", receiptID: "r"), version: .v12, to: &output)
        let text = String(decoding: output, as: UTF8.self)
        #expect(text.hasPrefix("ERROR\nmessage:Why.\n"))
        #expect(text.contains("\nreceipt-id:r\n"))
    }
}
