import Testing

@testable import Gateway
@testable import Shared

@Suite struct GroupNoticeTests {
    @Test(arguments: [nil, UUID.random()])
    func whatIsPublishedIsReadAgain(subject: UUID?) {
        let notice = GroupNotice(conversation: .random(), subject: subject, json: Array("{\n}".utf8))
        #expect(GroupNotice(notice.payload) == notice)
    }

    @Test(arguments: ["1 C x -\n{}", "1 C 00000000-0000-4000-8000-000000000001 x\n{}", "1 C -\n{}", "1 c\n{}", "1 C "])
    func whatIsNoNoticeIsRefused(text: String) {
        #expect(GroupNotice(Array(text.utf8)) == nil)
    }

    /// A node of the first release passes over it.
    @Test func itIsNothingElse() {
        let payload = GroupNotice(conversation: .random(), subject: nil, json: []).payload
        #expect(Event(payload) == nil && TypingNotice(payload) == nil && MembersNotice(payload) == nil)
        #expect(ReceiptNotice.json(in: payload) == nil && ConversationNotice.json(in: payload) == nil)
        #expect(CursorNotice(payload) == nil)
    }
}
