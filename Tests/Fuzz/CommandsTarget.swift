import Shared

@testable import Gateway

/// The bodies of commands and of REST calls; what is accepted can be stored.
enum CommandsTarget {
    private static let sender = Identity(user: UUID(high: 1, low: 2))
    private static let rules = ContentRules(maximumCharacters: 1_000, markup: .guarded)

    static func run(_ input: ArraySlice<UInt8>) {
        if let command = try? SendCommand(input, sender: sender, rules: rules) {
            var stored = Array(#"{"id":1,"eventId":1,"previousEventId":0,"createdAt":"2026-01-01T00:00:00.000Z","#.utf8)
            stored += command.draft(sender: sender, deadline: 0) { _ in }.tail
            let object = (try? JSONParser.parse(stored))?.object
            expect(object?["content"]?.string == command.content, "the content isn't stored as it was accepted")
            expect((try? rules.content(command.content)) == command.content, "what is safe is changed again")
        }
        for isEdit in [false, true] {
            _ = try? ChangeCommand(input, isEdit: isEdit, rules: rules)
        }
        if let body = try? Body(input) {
            _ = try? body.eventID("messageId")
            _ = try? body.bool("typing")
            _ = try? body.uuids("participantIds")
            _ = try? body.optionalString("title")
        }
    }
}
