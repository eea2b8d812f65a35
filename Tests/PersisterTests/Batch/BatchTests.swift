import Shared
import Testing

@testable import Persister

@Suite struct BatchTests {
    private let conversation = UUID(high: 1, low: 1)
    private let partitions = Partitioning(count: 4).partitions

    private func entry(
        _ stream: UInt64, id: Int64, event: Int64? = nil, content: String = "x", client: String = "c",
        partition: Int = 0
    ) -> Entry {
        let event = event ?? id
        let text =
            "1 \(event == id ? "m" : "e") \(event) 0 1 \(conversation) -\n"
            + #"{"id":\#(id),"eventId":\#(event),"previousEventId":0,"createdAt":"2026-01-02T03:04:05.678Z","#
            + #""conversationId":"\#(conversation)","senderId":"\#(conversation)","senderType":"USER","#
            + #""messageType":"TEXT","content":"\#(content)","clientMessageId":"\#(client)","file":null,"editedAt":null,"#
            + #""isDeleted":false}"#
        return Entry(
            partition: partitions[partition], id: StreamID(milliseconds: stream, sequence: 0), bytes: Array(text.utf8))
    }

    @Test func readsWhatTheScriptWrote() throws {
        let state = try #require(MessageState(entry(1, id: 42, content: "hi").bytes))
        #expect(state.id == 42 && state.eventID == 42 && state.content == "hi" && state.clientMessageID == "c")
        #expect(state.createdAt == 1_767_323_045_678 && state.editedAt == nil && state.file == nil && !state.isDeleted)
    }

    @Test func whatCannotBeReadIsSetAside() {
        let noise = Entry(partition: partitions[0], id: StreamID(milliseconds: 2, sequence: 0), bytes: [1, 2, 3])
        let batch = Batch([entry(1, id: 1), noise, entry(3, id: 3)])
        #expect(batch.items.map(\.state.id) == [1, 3])
        #expect(batch.unreadable.map(\.id.milliseconds) == [2])
    }

    @Test func theNewestStateOfAMessageCounts() {
        let batch = Batch([
            entry(1, id: 1, content: "old"), entry(2, id: 2), entry(3, id: 1, event: 9, content: "new"),
            entry(4, id: 1, event: 5, content: "late"),
        ])
        let states = Batch.newest(batch.items[...])
        #expect(states.map(\.id) == [1, 2] && states[0].content == "new" && states[0].eventID == 9)
    }

    /// Redis gave an id twice: neither message may vanish behind the other.
    @Test func anotherMessageWithTheSameIdIsWrittenByItself() {
        let batch = Batch([
            entry(1, id: 1, client: "a"), entry(2, id: 2), entry(3, id: 1, client: "b"),
            entry(4, id: 1, event: 9, client: "a"), entry(5, id: 1, event: 11, client: "b"),
        ])
        let (together, contested) = Batch.separate(batch.items)
        #expect(together.map(\.entry.id.milliseconds) == [1, 2, 4])
        #expect(contested.map(\.entry.id.milliseconds) == [3, 5])
        #expect(Batch.separate(contested).contested.isEmpty)
    }

    /// One statement doesn't see its own rows: of two messages with one client id the second one comes after the first.
    @Test func clientsIdsThatAreUsedAgainFollow() {
        let batch = Batch([
            entry(1, id: 1, client: "a"), entry(2, id: 2, client: "b"), entry(3, id: 3, client: "a"),
            entry(4, id: 1, event: 9, client: "a"), entry(5, id: 5, client: "a"),
        ])
        let (first, later) = Batch.separateRepeats(batch.items)
        #expect(first.map(\.entry.id.milliseconds) == [1, 2, 4])
        #expect(later.map(\.entry.id.milliseconds) == [3, 5])
        #expect(Batch.separateRepeats(later).later.map(\.entry.id.milliseconds) == [5])
    }

    @Test func aCommitSumsUpEachPartition() throws {
        let entries = [
            entry(1_000, id: 1), entry(2_500, id: 2), entry(1_500, id: 7, partition: 1), entry(2_600, id: 1, event: 3),
        ]
        let letter = DeadLetter(entry: entries[2], reason: "because")
        let commits = Commit.all(of: entries, Batch(entries).items, [letter], window: 1_000)
        #expect(commits.map(\.partition.number) == [0, 1])
        #expect(commits[0].cursor.milliseconds == 2_600 && commits[1].cursor.milliseconds == 1_500)
        #expect(commits[0].deadLetters.isEmpty && commits[1].deadLetters.count == 1)
        let progress = try #require(commits[0].conversations[conversation])
        #expect(progress.lastEventID == 3 && progress.windows == [0, 1, 2])
    }

    @Test func streamIds() {
        #expect(StreamID("12-3") == StreamID(milliseconds: 12, sequence: 3))
        #expect(StreamID("12-3")?.description == "12-3")
        #expect(StreamID(milliseconds: 9, sequence: 9) < StreamID(milliseconds: 10, sequence: 0))
        for text in ["", "1", "1-", "-1", "a-b", "1-2-3"] { #expect(StreamID(text) == nil, "\(text)") }
    }
}
