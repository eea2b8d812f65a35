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
