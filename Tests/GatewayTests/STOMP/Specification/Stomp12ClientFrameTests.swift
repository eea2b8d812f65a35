import Testing

@testable import Gateway

/// Each MUST and REQUIRED of the STOMP 1.2 specification that a server can observe in a client's frames. A test names its
/// section; what concerns whole connections is in Tests/Conformance/test_specification.py.
@Suite struct Stomp12ClientFrameTests {
    // MARK: STOMP Frames

    @Test("STOMP Frames: commands and header names are case sensitive")
    func namesAreCaseSensitive() {
        var first = StompConversation(.v12)
        #expect(first.refusal("send\ndestination:/a\n\n^") == "unknown-command")
        var second = StompConversation(.v12)
        #expect(second.refusal("SEND\nDestination:/a\n\n^") == "missing-header")
    }

    @Test("STOMP Frames: lines end in LF, or CR LF, and line ends may follow the NUL")
    func lineEnds() {
        var conversation = StompConversation(.v12)
        #expect(
            conversation.say("\r\n\n\nSEND\r\ndestination:/a\r\n\r\nx^\r\n\n\nSEND\ndestination:/b\n\ny^").count == 2)
    }

    // MARK: Value Encoding

    @Test("Value Encoding: these transformations MUST be applied when decoding")
    func escapes() {
        var conversation = StompConversation(.v12)
        let frame = conversation.sent("SEND\ndestination:/a\nk\\ce\\ny:a\\nb\\cc\\\\d\\re\n\n^")
        #expect(frame?.header("k:e\ny") == "a\nb:c\\d\re")
    }

    @Test(
        "Value Encoding: undefined escape sequences MUST be treated as a fatal protocol error",
        arguments: ["t", "N", "", "0"])
    func undefinedEscapes(_ letter: String) {
        var inValue = StompConversation(.v12)
        #expect(inValue.refusal("SEND\ndestination:/a\nk:\\\(letter)\n\n^") == "undefined-escape")
        var inName = StompConversation(.v12)
        #expect(inName.refusal("SEND\ndestination:/a\n\\\(letter):v\n\n^") == "undefined-escape")
    }

    @Test("Value Encoding: CONNECT doesn't escape, to remain compatible with 1.0")
    func connectIsNotEscaped() {
        var conversation = StompConversation()
        let actions = conversation.say("CONNECT\naccept-version:1.2\nhost:x\npasscode:a\\tb\n\n^")
        #expect(actions.count == 1)
        if case .fail = actions[0] { Issue.record("refused") }
    }

    @Test("Value Encoding: clients and servers MUST never trim or pad headers with spaces")
    func nothingIsTrimmed() {
        var conversation = StompConversation(.v12)
        let frame = conversation.sent("SEND\ndestination: /a \nkey : v \n\n^")
        #expect(frame?.header("destination") == " /a ")
        #expect(frame?.header("key ") == " v ")
        #expect(frame?.header("key") == nil)
    }

    @Test("Value Encoding: all servers MUST support UTF-8")
    func headersAreUTF8() {
        var conversation = StompConversation(.v12)
        #expect(conversation.sent("SEND\ndestination:/ä€🙂\n\n^")?.header("destination") == "/ä€🙂")
    }

    // MARK: Body

    @Test(
        "Body: all frames but SEND, MESSAGE and ERROR MUST NOT have a body",
        arguments: [
            "SUBSCRIBE\nid:0\ndestination:/a", "UNSUBSCRIBE\nid:0", "ACK\nid:0-0", "NACK\nid:0-0",
            "BEGIN\ntransaction:t",
            "COMMIT\ntransaction:t", "ABORT\ntransaction:t", "DISCONNECT",
        ])
    func otherFramesHaveNoBody(_ head: String) {
        var conversation = StompConversation(.v12)
        #expect(conversation.refusal(head + "\n\nbody^") == "unexpected-body")
        var connect = StompConversation()
        #expect(connect.refusal("CONNECT\naccept-version:1.2\nhost:x\n\nbody^") == "unexpected-body")
    }

    // MARK: Header content-length

    @Test("Header content-length: this number of octets MUST be read, NULs or not")
    func contentLengthCounts() {
        var conversation = StompConversation(.v12)
        let frame = conversation.sent("SEND\ndestination:/a\ncontent-length:5\n\na^^\nb^")
        #expect(frame.map { Array($0.body) } == [0x61, 0, 0, 0x0A, 0x62])
    }

    @Test("Header content-length: the frame still needs to be terminated with a NULL octet")
    func contentLengthAndNull() {
        var conversation = StompConversation(.v12)
        #expect(conversation.refusal("SEND\ndestination:/a\ncontent-length:1\n\nab^") == "malformed-frame")
        var short = StompConversation(.v12)
        #expect(short.say("SEND\ndestination:/a\ncontent-length:9\n\nab^").isEmpty)
    }

    // MARK: Header receipt

    @Test(
        "Header receipt: any client frame other than CONNECT MAY specify one",
        arguments: [
            "SEND\ndestination:/a", "SUBSCRIBE\nid:1\ndestination:/a", "UNSUBSCRIBE\nid:0", "ACK\nid:0-0",
            "NACK\nid:0-0",
            "BEGIN\ntransaction:u", "COMMIT\ntransaction:t", "ABORT\ntransaction:t", "DISCONNECT",
            "SEND\ndestination:/a\ntransaction:t", "ACK\nid:0-0\ntransaction:t",
        ])
    func receipts(_ head: String) {
        var conversation = StompConversation(.v12)
        _ = conversation.say("SUBSCRIBE\nid:0\ndestination:/a\n\n^BEGIN\ntransaction:t\n\n^")
        #expect(conversation.say(head + "\nreceipt:r 1\n\n^").map(\.receipt) == ["r 1"])
    }

    // MARK: Repeated Header Entries

    @Test("Repeated Header Entries: only the first is used")
    func theFirstEntryCounts() {
        var conversation = StompConversation(.v12)
        let frame = conversation.sent("SEND\nfoo:World\ndestination:/a\nfoo:Hello\ndestination:/b\n\n^")
        #expect(frame?.header("foo") == "World")
        #expect(frame?.header("destination") == "/a")
    }

    // MARK: Size Limits

    @Test("Size Limits: when they are exceeded the server sends ERROR")
    func limits() {
        let many = (0...64).map { "h\($0):v\n" }.joined()
        var headers = StompConversation(.v12)
        #expect(headers.refusal("SEND\ndestination:/a\n\(many)\n^") == "too-many-headers")
        var lines = StompConversation(.v12)
        #expect(lines.refusal("SEND\nk:\(String(repeating: "x", count: 9_000))\n\n^") == "header-too-long")
        var body = StompConversation(.v12)
        #expect(body.refusal("SEND\ndestination:/a\n\n\(String(repeating: "x", count: 70_000))^") == "frame-too-large")
    }

    // MARK: SEND, SUBSCRIBE, UNSUBSCRIBE

    @Test(
        "A REQUIRED header that is missing",
        arguments: [
            "SEND", "SUBSCRIBE\nid:0", "SUBSCRIBE\ndestination:/a", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT",
            "ABORT",
        ])
    func requiredHeaders(_ head: String) {
        var conversation = StompConversation(.v12)
        #expect(conversation.refusal(head + "\n\n^") == "missing-header")
    }

    @Test("SUBSCRIBE id Header: different subscriptions MUST use different identifiers")
    func subscriptionIdentifiers() {
        var conversation = StompConversation(.v12)
        _ = conversation.say("SUBSCRIBE\nid:0\ndestination:/a\n\n^")
        #expect(conversation.refusal("SUBSCRIBE\nid:0\ndestination:/b\n\n^") == "duplicate-subscription")
    }

    @Test("SUBSCRIBE ack Header: auto, client or client-individual, auto where it is not set")
    func ackModes() {
        var conversation = StompConversation(.v12)
        let text = ["", "ack:auto\n", "ack:client\n", "ack:client-individual\n"].enumerated()
            .map { "SUBSCRIBE\nid:\($0)\ndestination:/a\n\($1)\n^" }.joined()
        let modes: [StompAckMode] = conversation.say(text).compactMap {
            if case .subscribe(_, _, let mode, _, _, _) = $0 { mode } else { nil }
        }
        #expect(modes == [.auto, .auto, .client, .clientIndividual])
        #expect(conversation.refusal("SUBSCRIBE\nid:9\ndestination:/a\nack:none\n\n^") == "unknown-ack-mode")
    }

    @Test(
        "SUBSCRIBE ack Header: individual acknowledgements MUST NOT acknowledge a previous message; client's are cumulative"
    )
    func cumulativeAndIndividual() throws {
        for (mode, settled) in [(StompAckMode.client, [1, 2]), (.clientIndividual, [2])] {
            var window = AckWindow<Int>(subscription: 0, mode: mode, capacity: 9)
            let acks = (1...3).map { window.deliver($0) }
            #expect(window.settle(try #require(acks[1])) == settled)
            #expect(window.count == 3 - settled.count)
        }
    }

    // MARK: Transactions

    @Test("BEGIN: different transactions MUST use different identifiers")
    func transactionIdentifiers() {
        var conversation = StompConversation(.v12)
        _ = conversation.say("BEGIN\ntransaction:t\n\n^")
        #expect(conversation.refusal("BEGIN\ntransaction:t\n\n^") == "duplicate-transaction")
    }

    @Test(
        "COMMIT, ABORT: the header MUST specify the transaction",
        arguments: [
            "COMMIT\ntransaction:u", "ABORT\ntransaction:u", "SEND\ndestination:/a\ntransaction:u",
            "ACK\nid:0-0\ntransaction:u",
        ])
    func unknownTransactions(_ head: String) {
        var conversation = StompConversation(.v12)
        _ = conversation.say("BEGIN\ntransaction:t\n\n^")
        #expect(conversation.refusal(head + "\n\n^") == "unknown-transaction")
    }

    @Test("BEGIN: a transaction binds SEND, ACK and NACK, in their order, up to COMMIT")
    func transactionsHold() {
        var conversation = StompConversation(.v12)
        let held = conversation.say(
            "BEGIN\ntransaction:t\n\n^SEND\ntransaction:t\ndestination:/a\n\n^ACK\ntransaction:t\nid:0-0\n\n^"
                + "NACK\ntransaction:t\nid:0-1\n\n^")
        #expect(held == Array(repeating: .handled(receipt: nil), count: 4))
        guard case .commit(let actions, _) = conversation.say("COMMIT\ntransaction:t\n\n^").first else {
            Issue.record("no commit")
            return
        }
        #expect(actions.count == 3)
    }

    @Test("BEGIN: transactions are implicitly aborted by DISCONNECT; nothing MUST be sent after it")
    func disconnectAborts() {
        var conversation = StompConversation(.v12)
        let actions = conversation.say(
            "BEGIN\ntransaction:t\n\n^SEND\ntransaction:t\ndestination:/a\n\n^DISCONNECT\nreceipt:77\n\n^"
                + "COMMIT\ntransaction:t\nreceipt:78\n\n^SEND\ndestination:/a\n\n^")
        #expect(actions[2...] == [.disconnect(receipt: "77"), .handled(receipt: nil), .handled(receipt: nil)])
    }
}

extension StompAction {
    /// The RECEIPT that the action asks for.
    fileprivate var receipt: String? {
        switch self {
        case .send(_, _, let receipt), .subscribe(_, _, _, _, _, let receipt), .unsubscribe(_, let receipt),
            .ack(_, let receipt), .nack(_, let receipt), .commit(_, let receipt), .handled(let receipt),
            .disconnect(let receipt):
            receipt
        case .connect, .refuse, .fail: nil
        }
    }
}
