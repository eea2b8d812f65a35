import Testing

@testable import Gateway
@testable import Shared

@Suite struct CursorNoticeTests {
    private static let conversation = "00000000-0000-4000-8000-000000000001"
    private static let user = "00000000-0000-4000-8000-00000000000a"

    private static func notice(_ lines: String...) -> CursorNotice? {
        CursorNotice(Array((["1 R \(conversation)"] + lines).joined(separator: "\n").utf8))
    }

    @Test func movesAreRead() throws {
        let notice = try #require(Self.notice("\(Self.user) 7 5 3 0", "\(Self.user) 9007199254740991 9 7 5"))
        #expect(notice.conversation.description == Self.conversation)
        #expect(notice.moves.map(\.now.delivered) == [7, .highest])
        #expect(notice.moves[0].before == Cursors.Position(delivered: 3, read: 0))
        #expect(
            String(decoding: notice.moves[0].json(in: notice.conversation), as: UTF8.self)
                == #"{"conversationId":"\#(Self.conversation)","userId":"\#(Self.user)","lastDeliveredMessageId":7,"lastReadMessageId":5}"#
        )
    }

    @Test(arguments: [
        "x 1 1 1 1", "\(user) 1 1 1", "\(user) 1 1 1 1 1", "\(user) 1 1 1 -1", "\(user) 1 1 1 9007199254740992",
    ])
    func whatIsNoMoveIsRefused(line: String) {
        #expect(Self.notice(line) == nil)
    }

    /// A node of the first release, and this one, pass over what they don't know.
    @Test func itIsNothingElse() throws {
        let payload = Array("1 R \(Self.conversation)\n\(Self.user) 7 5 3 0".utf8)
        #expect(Event(payload) == nil)
        #expect(TypingNotice(payload) == nil)
        #expect(MembersNotice(payload) == nil)
        #expect(ReceiptNotice.json(in: payload) == nil)
        #expect(ConversationNotice.json(in: payload) == nil)
    }
}
