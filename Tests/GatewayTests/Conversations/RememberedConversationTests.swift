import Shared
import Testing

@testable import Gateway

@Suite struct RememberedConversationTests {
    private static let (alice, bob) = (UUID(high: 7, low: 1), UUID(high: 7, low: 2))

    private func hash(_ fields: KeyValuePairs<String, String>) -> RedisReply {
        .array(fields.flatMap { [RedisReply.string(Array($0.key.utf8)), .string(Array($0.value.utf8))] })
    }

    private func remembered(
        _ version: String, archived: String = "0", recipients: String = "-"
    ) throws -> RememberedConversation {
        try #require(
            RememberedConversation(
                UUID(high: 8, low: 1),
                members: hash([
                    "v": version, "a": archived, "r": recipients, Self.alice.description: "ADMIN",
                    Self.bob.description: "MEMBER",
                ]), cursors: hash(["f": "1", "d:\(Self.bob)": "9", "r:\(Self.bob)": "5"])))
    }

    private func stored(
        _ version: Int64, _ roles: [UUID: String] = [alice: "ADMIN", bob: "MEMBER"], isArchived: Bool = false
    ) -> RememberedConversation.Members {
        .init(version: version, isArchived: isArchived, roles: roles)
    }

    @Test func whatBothHaveIsLeftAlone() throws {
        #expect(try remembered("4").difference(stored(4)) == .none)
    }

    @Test func aChangeThatPostgresLostIsRestored() throws {
        #expect(try remembered("5").difference(stored(4)) == .restore)
        #expect(try remembered("5", archived: "1").difference(stored(4)) == .restore)
        #expect(try remembered("5").difference(nil) == .create)
    }

    /// Somebody has changed it since, on the new timeline: that counts.
    @Test func aNewerChangeIsNotUndone() throws {
        #expect(try remembered("5").difference(stored(1_000_006, [Self.alice: "ADMIN"])) == .forget)
        // A program that doesn't look gave a version twice.
        #expect(try remembered("5").difference(stored(5, [Self.alice: "ADMIN"])) == .forget)
        #expect(try remembered("5", archived: "1").difference(stored(5)) == .forget)
    }

    @Test func fieldsAreRead() throws {
        let group = try remembered("4")
        #expect(!group.isDirect && group.cursors.positions[Self.bob] == Cursors.Position(delivered: 9, read: 5))
        #expect(try remembered("4", recipients: "\(Self.alice),\(Self.bob)").isDirect)
        #expect(
            RememberedConversation(UUID(high: 8, low: 1), members: .array([]), cursors: .array([])) == nil)
        #expect(
            RememberedConversation(UUID(high: 8, low: 1), members: hash(["v": "4"]), cursors: .null) == nil)
    }

    @Test func keysNameTheirConversation() {
        let id = UUID(high: 8, low: 1)
        #expect(TimelineWatch.conversation("{p1}:c:\(id):members") == id)
        #expect(TimelineWatch.conversation("{p1}:c:\(id):key") == id)
        for other in ["{p1}:c:\(id)", "{p1}:c:\(id):events", "{p1}:c:\(id):members:x", "{p1}:e:\(id):key", "", ":::"] {
            #expect(TimelineWatch.conversation(other) == nil, "\(other)")
        }
    }
}
