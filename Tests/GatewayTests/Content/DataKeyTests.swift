import Shared
import Testing

@testable import Gateway

@Suite struct DataKeyTests {
    private let key = DataKey(secret: [UInt8](repeating: 5, count: 32))
    private let place = DataKey.Place(conversation: UUID(high: 1, low: 2), sender: UUID(high: 3, low: 4))

    /// An event with a content as the accept script keeps it.
    private func event(_ content: String, sender: UUID? = nil, kind: String = "m") throws -> Event {
        let message = MessageJSON(
            conversation: place.conversation, sender: sender ?? place.sender, senderType: "USER", messageType: "TEXT",
            content: content, clientMessageID: "c")
        let line = "1 \(kind) 9 8 1 \(place.conversation) -\n{\"id\":9,\"eventId\":9,"
        return try #require(Event(Array(line.utf8) + message.tail))
    }

    @Test func whatIsSealedOpens() throws {
        for content in ["a", "Grüße 😀\n\"\\", String(repeating: "x", count: 4_000)] {
            let sealed = key.seal(content, clientMessageID: "c", at: place)
            #expect(sealed.utf8.first == DataKey.marker && !sealed.contains(content))
            #expect(key.open(sealed.utf8.dropFirst(), at: place) == content)
        }
        #expect(key.seal("", clientMessageID: "c", at: place) == "")
    }

    /// So that the persister recognises what is sent again after its id was forgotten.
    @Test func theSameMessageIsSealedTheSameAndNoOther() {
        let sealed = key.seal("a", clientMessageID: "c", at: place)
        #expect(key.seal("a", clientMessageID: "c", at: place) == sealed)
        let other = DataKey.Place(conversation: place.conversation, sender: UUID(high: 3, low: 5))
        let others = [
            key.seal("b", clientMessageID: "c", at: place), key.seal("a", clientMessageID: "d", at: place),
            key.seal("a", clientMessageID: "c", at: other),
            DataKey(secret: [UInt8](repeating: 6, count: 32)).seal("a", clientMessageID: "c", at: place),
        ]
        #expect(Set(others.map { $0.prefix(16) } + [sealed.prefix(16)]).count == 5, "each has a nonce of its own")
    }

    @Test func itOpensInItsPlaceOnly() {
        let sealed = key.seal("a", clientMessageID: "c", at: place).utf8.dropFirst()
        #expect(key.open(sealed, at: .init(conversation: place.sender, sender: place.sender)) == nil)
        #expect(key.open(sealed, at: .init(conversation: place.conversation, sender: place.conversation)) == nil)
        #expect(DataKey(secret: [UInt8](repeating: 6, count: 32)).open(sealed, at: place) == nil)
        #expect(key.open(sealed.dropLast(), at: place) == nil && key.open([], at: place) == nil)
    }

    @Test func anEventIsOpened() throws {
        let clear = try event("Grüße \"😀\"\n")
        let sealed = try event(key.seal("Grüße \"😀\"\n", clientMessageID: "c", at: place))
        #expect(sealed.isSealed && !clear.isSealed)
        let (opened, isWhole) = sealed.opened(by: key)
        #expect(isWhole && opened.bytes == clear.bytes)
        #expect(clear.opened(by: nil).event === clear)
    }

    @Test func whatCannotBeOpenedHasNoContent() throws {
        let sealed = try event(key.seal("secret", clientMessageID: "c", at: place))
        let (opened, isWhole) = sealed.opened(by: nil)
        let empty = try event("")
        #expect(!isWhole && opened.bytes == empty.bytes)
        let moved = try event(key.seal("secret", clientMessageID: "c", at: place), sender: UUID(high: 9, low: 9))
        #expect(!moved.opened(by: key).isWhole)
        let damaged = try event("\u{1}not base64!")
        #expect(damaged.isSealed && !damaged.opened(by: key).isWhole)
    }

    /// What users write can't be taken for something that is sealed.
    @Test func noContentOfAUserLooksSealed() throws {
        let rules = ContentRules(maximumCharacters: 100, markup: .keep)
        let content = try rules.content("\u{1}AAAA\",\"content\":\"\u{1}x")
        #expect(try !event(content).isSealed)
    }

    @Test func aDraftIsPublishedInClearAndKeptSealed() throws {
        var draft = Draft(
            MessageJSON(
                conversation: place.conversation, sender: place.sender, senderType: "USER", messageType: "TEXT",
                content: "secret", clientMessageID: "c"),
            sender: place.sender, clientMessageID: "c", digest: [], deadline: 0
        ) { _ in }
        #expect(draft.keptTail.isEmpty)
        draft.seal(with: key)
        #expect(draft.tail.firstRange(of: Array("secret".utf8)) != nil)
        #expect(!draft.keptTail.isEmpty && draft.keptTail.firstRange(of: Array("secret".utf8)) == nil)
    }
}
