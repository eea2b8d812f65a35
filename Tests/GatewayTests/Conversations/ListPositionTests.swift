import Shared
import Testing

@testable import Gateway

@Suite struct ListPositionTests {
    private let conversation = UUID(high: 1, low: 2)

    @Test func whatClientsBringBackIsWhatTheyGot() throws {
        for activity: Int64 in [0, 1, 1_735_689_600_000, 253_402_300_799_999] {
            let position = ConversationStore.ListPosition(activity: activity, conversation: conversation)
            #expect(ConversationStore.ListPosition(position.text) == position)
        }
    }

    @Test func nothingElseIsAPosition() {
        for activity in [
            "-1", "-9223372036854775808", "253402300800000", "9007199254740993", "9223372036854775807",
            "9223372036854775808", "18446744073709551616", "1e400", "NaN", "", " 1", "+1", "1.5", "\u{0661}",
        ] {
            #expect(ConversationStore.ListPosition("\(activity).\(conversation)") == nil, "\(activity)")
        }
        for text in ["", ".", "1", "1.", ".\(conversation)", "1.x", "1.\(conversation).1", "1.\(conversation) "] {
            #expect(ConversationStore.ListPosition(text) == nil, "\(text)")
        }
    }
}
