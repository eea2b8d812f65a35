import Testing

@testable import Shared

@Suite struct EventIDTests {
    private static let highest: Int64 = 9_007_199_254_740_991

    @Test func idsAreFromZeroToWhatJavaScriptReadsExactly() {
        for number in [0, 1, 4_095, Self.highest - 1, Self.highest] {
            #expect(EventID(rawValue: number)?.rawValue == number)
            #expect(EventID(Array(String(number).utf8))?.rawValue == number)
        }
        for number in [-1, .min, Self.highest + 1, .max - 1, .max] {
            #expect(EventID(rawValue: number) == nil, "\(number)")
            #expect(EventID(Array(String(number).utf8)) == nil, "\(number)")
        }
        for text in ["", " ", "+1", "1 ", "1.0", "1e3", "0x10", "NaN", "\u{0661}", "18446744073709551616"] {
            #expect(EventID(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func neighboursStayInRange() {
        #expect(EventID.zero.previous == .zero && EventID.zero.next == 1)
        #expect(EventID.highest.next == .highest && EventID.highest.previous.rawValue == Self.highest - 1)
    }

    @Test func anIdCarriesItsTime() {
        let start: Int64 = 1_735_689_600_000
        #expect(EventID(at: start) == .zero && EventID(at: start + 1) == 4_096)
        #expect(EventID(at: start + 12_345).milliseconds == start + 12_345)
        for early in [start - 1, 0, -1, .min] { #expect(EventID(at: early) == .zero, "\(early)") }
        for late in [start + (1 << 41), .max - 1, .max] { #expect(EventID(at: late) == .highest, "\(late)") }
    }

    @Test func distancesInTimeStayInRange() {
        let id = EventID(at: 1_735_689_700_000)
        #expect(id.earlier(byMilliseconds: 99_999) == 4_096 && id.earlier(byMilliseconds: 100_001) == .zero)
        #expect(id.earlier(byMilliseconds: -1).milliseconds == 1_735_689_700_001)
        for distance in [Int64.max, 1 << 60] {
            #expect(id.earlier(byMilliseconds: distance) == .zero)
            #expect(id.earlier(byMilliseconds: -distance) == .highest)
        }
        #expect(EventID.zero.earlier(byMilliseconds: .min) == .highest)
    }

    @Test func whatTheStoresSayBecomesAnIdOrNothing() {
        #expect(RedisReply.integer(7).eventID == 7 && RedisReply.string(Array("7".utf8)).eventID == 7)
        for reply in [RedisReply.integer(-1), .integer(.max), .string(Array("1e400".utf8)), .null, .array([])] {
            #expect(reply.eventID == nil)
        }
        #expect(JSON.integer(7).eventID == 7 && JSON.number(7).eventID == 7)
        for value in [JSON.integer(-1), .integer(.max), .number(0.5), .number(1e300), .string("7"), .null] {
            #expect(value.eventID == nil)
        }
        let column = PostgresRow(types: [PostgresType.bigint], values: [[0x7F, 255, 255, 255, 255, 255, 255, 255]])
        #expect(column.integer(0) == .max && column.eventID(0) == nil)
    }

    /// Events come by pub/sub from whoever may publish.
    @Test func aHeadWithAnIdOutOfRangeIsNoHead() {
        let conversation = "00112233-4455-6677-8899-aabbccddeeff"
        #expect(EventHead(Array("1 m \(Self.highest) 1 1 \(conversation) -\n{}".utf8)) != nil)
        #expect(EventHead(Array("1 m \(Self.highest + 1) 1 1 \(conversation) -\n{}".utf8)) == nil)
        #expect(EventHead(Array("1 m 1 \(Int64.max) 1 \(conversation) -\n{}".utf8)) == nil)
    }
}
