import Testing

@testable import Gateway

@Suite struct QueuePositionTests {
    @Test(arguments: [QueuePosition(event: 0), QueuePosition(event: 244_875_698_592_331, owesUndelivered: true)])
    func whatIsToldIsReadAgain(position: QueuePosition) {
        #expect(QueuePosition(position.text.utf8) == position)
    }

    @Test(arguments: ["", "u", "uu1", "-1", "1u", "x1", "99999999999999999999"])
    func anythingElseIsNone(text: String) {
        #expect(QueuePosition(text.utf8) == nil)
    }
}
