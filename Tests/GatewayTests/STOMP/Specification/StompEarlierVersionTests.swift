import Testing

@testable import Gateway

/// Where STOMP 1.1 and 1.0 ask for something else than 1.2.
@Suite struct StompEarlierVersionTests {
    // MARK: 1.1

    @Test("1.1, ACK: message-id and subscription are REQUIRED", arguments: ["ACK", "NACK"])
    func acknowledgementsOf11(_ command: String) {
        var conversation = StompConversation(.v11)
        let reference = StompAckReference.message(id: "007", subscription: "0")
        #expect(
            conversation.say("\(command)\nsubscription:0\nmessage-id:007\n\n^")
                == [command == "ACK" ? .ack(reference, receipt: nil) : .nack(reference, receipt: nil)])
        #expect(conversation.refusal("\(command)\nmessage-id:007\n\n^") == "missing-header")
        var other = StompConversation(.v11)
        #expect(other.refusal("\(command)\nsubscription:0\n\n^") == "missing-header")
    }

    @Test("1.1, SUBSCRIBE and UNSUBSCRIBE: an id header MUST be included")
    func identifiersOf11() {
        var first = StompConversation(.v11)
        #expect(first.refusal("SUBSCRIBE\ndestination:/a\n\n^") == "missing-header")
        var second = StompConversation(.v11)
        #expect(second.refusal("UNSUBSCRIBE\ndestination:/a\n\n^") == "missing-header")
    }

    @Test("1.1, Value Encoding: undefined escape sequences MUST be a fatal protocol error", arguments: ["r", "t", ""])
    func escapesOf11(_ letter: String) {
        var conversation = StompConversation(.v11)
        #expect(conversation.refusal("SEND\ndestination:/a\nk:\\\(letter)\n\n^") == "undefined-escape")
    }

    @Test("1.1, Value Encoding: servers MUST never trim headers; only SEND has a body")
    func valuesAndBodiesOf11() {
        var conversation = StompConversation(.v11)
        #expect(conversation.sent("SEND\ndestination: /a\n\n^")?.header("destination") == " /a")
        #expect(conversation.refusal("BEGIN\ntransaction:t\n\nx^") == "unexpected-body")
    }

    // MARK: 1.0

    @Test("1.0: the server always acknowledges CONNECT, with a session")
    func connectOf10() {
        var conversation = StompConversation()
        guard case .connect(let connect) = conversation.say("CONNECT\nlogin: user\npasscode:secret\n\n^").first else {
            Issue.record("refused")
            return
        }
        var output: [UInt8] = []
        StompEncoder.appendConnected(connect, session: "abc", server: "p", userName: "u", to: &output)
        #expect(String(decoding: output, as: UTF8.self).contains("\nsession:abc\n"))
    }

    @Test("1.0: examples pad their headers")
    func paddingOf10() {
        var conversation = StompConversation(.v10)
        guard
            case .subscribe(_, let destination, let mode, _, _, _) =
                conversation.say("SUBSCRIBE\ndestination: /queue/foo \nack: client\n\n^").first
        else {
            Issue.record("refused")
            return
        }
        #expect(destination == "/queue/foo")
        #expect(mode == .client)
        #expect(conversation.sent("SEND\ndestination:/a\nempty:  \ncontent-length: 2\n\n^^^")?.header("empty") == "")
    }

    @Test(
        "1.0, SUBSCRIBE: the body is ignored",
        arguments: ["SUBSCRIBE\ndestination:/a", "BEGIN\ntransaction:t", "DISCONNECT"])
    func bodiesOf10(_ head: String) {
        var conversation = StompConversation(.v10)
        #expect(conversation.refusal(head + "\n\nignored\n^") == nil)
        var connect = StompConversation()
        #expect(connect.refusal("CONNECT\nlogin:a\n\nignored^") == nil)
    }

    @Test("1.0, UNSUBSCRIBE: requires either a destination or an id header")
    func unsubscribeOf10() {
        var conversation = StompConversation(.v10)
        _ = conversation.say("SUBSCRIBE\ndestination:/a\n\n^SUBSCRIBE\nid:x\ndestination:/b\n\n^")
        #expect(conversation.say("UNSUBSCRIBE\ndestination:/a\n\n^") == [.unsubscribe(id: "/a", receipt: nil)])
        #expect(conversation.say("UNSUBSCRIBE\nid:x\n\n^") == [.unsubscribe(id: "x", receipt: nil)])
        #expect(conversation.refusal("UNSUBSCRIBE\n\n^") == "missing-header")
    }

    @Test("1.0, ACK: message-id is required and alone")
    func acknowledgementsOf10() {
        var conversation = StompConversation(.v10)
        #expect(
            conversation.say("ACK\nmessage-id: m\n\n^") == [.ack(.message(id: "m", subscription: nil), receipt: nil)])
        #expect(conversation.refusal("ACK\n\n^") == "missing-header")
    }

    @Test("1.0: a colon in a value stands for itself, and nothing is escaped")
    func valuesOf10() {
        var conversation = StompConversation(.v10)
        #expect(conversation.sent("SEND\ndestination:/a\nk:a:b\\c\n\n^")?.header("k") == "a:b\\c")
    }

    @Test("1.0, Augmented BNF: content-length counts, else the first NUL ends the frame")
    func contentLengthOf10() {
        var conversation = StompConversation(.v10)
        let actions = conversation.say("SEND\ndestination:/a\ncontent-length:3\n\na^b^\nSEND\ndestination:/a\n\na^\n\n")
        #expect(actions.count == 2)
    }
}
