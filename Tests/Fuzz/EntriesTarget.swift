import Shared

@testable import Gateway
@testable import Persister

/// What comes out of Redis: stream entries, and all that is published on channels.
enum EntriesTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        let bytes = Array(input)
        if let event = Event(bytes) {
            var json: [UInt8] = []
            event.appendClientJSON(to: &json)
            _ = event.messageID
            _ = event.sender
        }
        if let state = MessageState(bytes) {
            expect(state.isSameMessage(as: state), "a state is of another message than itself")
        }
        _ = TypingNotice(bytes)
        _ = MembersNotice(bytes)
        _ = ConversationNotice.json(in: bytes)
        _ = ReceiptNotice.json(in: bytes)
        if let notice = GroupNotice(bytes) {
            expect(GroupNotice(notice.payload) == notice, "a notice is read otherwise than it was written")
        }
        for move in CursorNotice(bytes)?.moves ?? [] { _ = move.json(in: .random()) }
        _ = StreamID(String(decoding: bytes, as: UTF8.self))
    }
}
