import Testing

@testable import Gateway
@testable import Shared

@Suite struct AckIndexTests {
    private let message = AckIndex.Message(conversation: UUID.random(), event: 7)

    @Test func theWindowThatGotAMessageFirstIsFoundFirst() {
        var index = AckIndex()
        index.deliver(message, in: 3)
        index.deliver(message, in: 1)
        #expect(index.window(of: message) == 3)
        index.settle(message, in: 3)
        #expect(index.window(of: message) == 1)
        index.settle(message, in: 1)
        #expect(index.window(of: message) == nil)
        #expect(index.count == 0, "nothing is kept of what waits no more")
    }

    @Test func aMessageIDIsReadBack() {
        #expect(AckIndex.Message("\(message.conversation).7") == message)
        for text in ["", "x", "\(message.conversation)", "\(message.conversation).x"] {
            #expect(AckIndex.Message(text) == nil, "\(text)")
        }
    }
}
