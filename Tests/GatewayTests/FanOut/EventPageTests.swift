import Shared
import Testing

@testable import Gateway

@Suite struct EventPageTests {
    private func page(_ entries: [(EventID, Event?)], limit: Int = 3) -> EventPage {
        EventPage(entries.map { (id: $0.0, event: $0.1) }, after: 5, limit: limit)
    }

    private func entry(_ id: EventID, _ text: String) -> RedisReply {
        .array([.string(Array("\(id)-0".utf8)), .array([.string(Array("e".utf8)), .string(Array(text.utf8))])])
    }

    @Test func aShortPageIsTheLast() {
        let six = event(6, after: 5)
        #expect(page([(6, six)]).isLast)
        #expect(page([(6, six)]).end == 6)
        #expect(page([]).isLast && page([]).end == 5)
    }

    @Test func aPageWhoseBytesAreSpentIsNotTheLast() {
        let full = EventPage([(id: 6, event: event(6, after: 5))], after: 5, limit: 3, isFull: true)
        #expect(!full.isLast && full.end == 6)
    }

    /// An entry of a format to come, or a spoilt one: taken for absent it would make a page the last, and what is behind it be
    /// skipped.
    @Test func whatCannotBeReadCountsAndIsTold() {
        let (six, eight) = (event(6, after: 5), event(8, after: 7))
        let full = page([(6, six), (7, nil), (8, eight)])
        #expect(!full.isLast && full.events == [six, eight] && full.end == 8)
        #expect(full.holesBefore == [8] && !full.endsInHole)
        let first = page([(6, six), (7, nil)], limit: 2)
        #expect(!first.isLast && first.end == 7 && first.endsInHole)
        var both = first
        both.append(page([(8, eight)]))
        #expect(both.events == [six, eight] && both.holesBefore == [8] && both.isLast && !both.endsInHole)
    }

    @Test func entriesAreNamedByTheirEvents() {
        let line = "1 m 6 5 1 00112233-4455-6677-8899-aabbccddeeff -\n{\"id\":6}"
        let reply = RedisReply.array([entry(6, line), entry(7, "2 m 7 6 ?"), .array([])])
        let entries = EventReader.entries(in: reply)
        #expect(entries.map(\.id) == [6, 7])
        #expect(entries[0].event?.id == 6 && entries[1].event == nil)
    }
}
