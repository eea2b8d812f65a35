import Shared
import Testing

@testable import Gateway

@Suite struct SendCommandTests {
    private let conversation = "00112233-4455-6677-8899-aabbccddeeff"
    private let sender = Identity(user: UUID(high: 0x4000, low: 10))

    private func command(_ body: String, sender: Identity? = nil) throws(CommandError) -> SendCommand {
        try SendCommand(
            Array(body.utf8), sender: sender ?? self.sender, rules: ContentRules(maximumCharacters: 5, markup: .guarded)
        )
    }

    private func refusal(_ body: String) -> (ErrorCode, String?)? {
        do {
            _ = try command(body)
            return nil
        } catch {
            return (error.code, error.field)
        }
    }

    @Test func readsWhatIsGiven() throws {
        let upper = conversation.uppercased()
        let full = try command(#"{"conversationId":"\#(upper)","content":"a😀","clientMessageId":"x","extra":[1]}"#)
        #expect(full.conversation.description == conversation && full.content == "a😀")
        #expect(full.messageType == "TEXT" && full.clientMessageID == "x")
        let bare = try command(#"{"conversationId":"\#(conversation)","content":"a","clientMessageId":null}"#)
        #expect(UUID(bare.clientMessageID) != nil, "the gateway makes an id")
    }

    @Test func charactersAreCountedAsScalars() throws {
        #expect(try command(#"{"conversationId":"\#(conversation)","content":"😀😀😀😀😀"}"#).content.count == 5)
        #expect(refusal(#"{"conversationId":"\#(conversation)","content":"123456"}"#)?.0 == .contentTooLong)
    }

    @Test func systemMessagesNeedASystemToken() throws {
        let body = #"{"conversationId":"\#(conversation)","content":"a","messageType":"SYSTEM"}"#
        #expect(refusal(body)?.0 == .notAllowed)
        #expect(try command(body, sender: Identity(user: sender.user, senderType: "SYSTEM")).messageType == "SYSTEM")
    }

    @Test func aFileIsAttachedOnceItIsKnown() throws {
        func facts(_ type: String) -> FileFacts {
            FileFacts(
                id: UUID(high: 1, low: 2), conversation: UUID(high: 3, low: 4), uploader: sender.user, name: "a&b.png",
                type: type, size: 7, isSealed: false, sha256: nil, picture: nil)
        }
        let rules = ContentRules(maximumCharacters: 5, markup: .escape)
        let start = #"{"conversationId":"\#(conversation)","fileId":"\#(UUID(high: 1, low: 2))""#
        for (given, type, expected) in [
            ("", "image/png", "IMAGE"), ("", "text/html", "FILE"), (#","messageType":"FILE""#, "image/png", "FILE"),
        ] {
            var command = try command(start + given + "}")
            #expect(command.content == "" && command.file == UUID(high: 1, low: 2))
            try command.attach(facts(type), rules)
            #expect(command.messageType == expected)
            let draft = command.draft(sender: sender, deadline: 1) { _ in }
            let object = try #require(try JSONParser.parse(Array(#"{"id":1,"#.utf8) + draft.tail).object)
            #expect(object["file"]?.object?["fileName"]?.string == "a&amp;b.png")
            #expect(object["file"]?.object?["fileSize"]?.integer == 7)
        }
        var picture = try command(start + #","messageType":"IMAGE","content":"look"}"#)
        #expect(throws: CommandError.self) { try picture.attach(facts("image/svg+xml"), rules) }
        #expect(refusal(#"{"conversationId":"\#(conversation)","content":"a","messageType":"FILE"}"#)?.1 == "fileId")
        #expect(refusal(start + #","messageType":"TEXT","content":"a"}"#)?.1 == "messageType")
        #expect(refusal(start + #","messageType":"SYSTEM","content":"a"}"#)?.0 == .notAllowed)
        #expect(refusal(#"{"conversationId":"\#(conversation)","fileId":"x"}"#)?.1 == "fileId")
    }

    /// What the script writes in front, and this tail, are the JSON that clients get.
    @Test func theTailIsTheRestOfAnObject() throws {
        let command = try command(#"{"conversationId":"\#(conversation)","content":"\"\n","clientMessageId":"ü"}"#)
        let draft = command.draft(sender: sender, deadline: 1) { _ in }
        let object = try #require(try JSONParser.parse(Array(#"{"id":1,"#.utf8) + draft.tail).object)
        #expect(object["conversationId"]?.string == conversation && object["content"]?.string == "\"\n")
        #expect(object["senderId"]?.string == sender.user.description && object["senderType"]?.string == "USER")
        #expect(object["clientMessageId"]?.string == "ü" && object["file"] == .null && object["editedAt"] == .null)
        #expect(object["isDeleted"]?.bool == false && object["messageType"]?.string == "TEXT")
    }

    @Test func errorNumbersAreUniqueAndSayWhatToDo() {
        let numbers = ErrorCode.allCases.map(\.number)
        #expect(Set(numbers).count == numbers.count)
        for code in ErrorCode.allCases {
            #expect((100..<500).contains(code.number))
            #expect((400..<600).contains(code.status))
        }
    }
}

@Suite struct DestinationTests {
    @Test func whatExists() throws {
        let id = try #require(UUID("00112233-4455-6677-8899-aabbccddeeff"))
        #expect(Destination("/topic/conversation/\(id)") == .conversation(id))
        #expect(Destination("/topic/conversation/\(id.description.uppercased())") == .conversation(id))
        #expect(Destination("/topic/conversation/\(id)/typing") == .typing(id))
        #expect(Destination("/user/queue/acks") == .acks && Destination("/user/queue/errors") == .errors)
        for text in [
            "", "/", "/topic/conversation/", "/topic/conversation/*", "/topic/conversation/\(id)/", "/user/queue/",
            "/user/\(id)/queue/messages", "/topic/conversation/\(id)/other", "u:\(id)", "/user/queue/messages/x",
        ] {
            #expect(Destination(text) == nil, "\(text)")
        }
    }
}
