import Shared
import Testing

@testable import Gateway

@Suite struct CursorsTests {
    private let sender = UUID(high: 1, low: 1)
    private let second = UUID(high: 2, low: 2)
    private let third = UUID(high: 3, low: 3)

    private func cursors(_ positions: [UUID: (EventID, EventID)]) -> Cursors {
        var cursors = Cursors()
        for (user, position) in positions {
            cursors.positions[user] = Cursors.Position(delivered: position.0, read: position.1)
        }
        return cursors
    }

    @Test func everybodyElseDecides() {
        let cursors = cursors([sender: (0, 0), second: (9, 5), third: (7, 3)])
        #expect(cursors.status(of: 3, from: sender) == .read)
        #expect(cursors.status(of: 4, from: sender) == .delivered)
        #expect(cursors.status(of: 7, from: sender) == .delivered)
        #expect(cursors.status(of: 8, from: sender) == .sent)
        // Of another sender's message he is one of the others.
        #expect(cursors.status(of: 3, from: second) == .sent)
    }

    @Test func withoutOthersOrWithTooManyItStaysSent() {
        #expect(cursors([sender: (9, 9)]).status(of: 1, from: sender) == .sent)
        #expect(Cursors().status(of: 1, from: sender) == .sent)
        var many = Cursors()
        for number in 0...Cursors.maximumParticipants {
            many.positions[UUID(high: 9, low: UInt64(number))] = Cursors.Position(delivered: 9, read: 9)
        }
        #expect(many.status(of: 1, from: sender) == .sent)
    }

    @Test func readsTheHash() {
        let fields = ["f", "1", "d:\(second)", "9", "r:\(second)", "5", "d:nobody", "1"]
        let cursors = Cursors(.array(fields.map { .string(Array($0.utf8)) }))
        #expect(cursors.positions == [second: Cursors.Position(delivered: 9, read: 5)])
    }

    @Test func anEventTellsItsStatus() {
        let line = "1 m 7 0 1 \(second) -\n{\"id\":7,\"senderId\":\"\(sender)\"}"
        let event = Event(Array(line.utf8))
        var json: [UInt8] = []
        event?.appendClientJSON(to: &json, cursors([second: (9, 9)]))
        #expect(String(decoding: json, as: UTF8.self) == "{\"id\":7,\"senderId\":\"\(sender)\",\"status\":\"READ\"}")
    }
}
