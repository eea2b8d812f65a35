import Testing

@testable import Shared

@Suite struct TLSStreamTests {
    private let answer = (0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }

    /// Sends of the answer what the socket takes; how far it has come.
    private func send(_ pair: TLSPair, from start: Int) throws -> Int {
        var sent = start
        while sent < answer.count {
            switch pair.server.send(answer, from: sent) {
            case .count(let count): sent += count
            case let other:
                try #require(other == .wouldBlock)
                return sent
            }
        }
        return sent
    }

    /// What comes to the server behind at most so many records that hold nothing.
    private func receive(_ pair: TLSPair, behind records: Int) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        for _ in 0...records {
            switch pair.server.receive(into: &buffer) {
            case .count(let count): return Array(buffer[..<count])
            case let other: #expect(other == .wouldBlock)
            }
        }
        return []
    }

    /// OpenSSL fails where it has to answer a second KeyUpdate while it keeps a record that the socket didn't take.
    @Test func newKeysWaitForTheAnswerThatIsUnderWay() throws {
        let pair = try TLSPair()
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        var sent = try send(pair, from: 0)
        #expect(sent > 0 && sent < answer.count)
        for _ in 0..<20 {
            pair.askForKeys()
            try #require(pair.server.receive(into: &buffer) == .wantsWrite)
        }
        var received: [UInt8] = []
        while sent < answer.count {
            received += pair.clientReceives()
            sent = try send(pair, from: sent)
        }
        #expect(received + pair.clientReceives() == answer)
        pair.clientSends([1, 2, 3])
        #expect(receive(pair, behind: 40) == [1, 2, 3])
    }

    /// While nothing waits to leave they are taken as they come.
    @Test func newKeysAreTakenAtOnceWhereNothingWaits() throws {
        let pair = try TLSPair()
        for _ in 0..<3 { pair.askForKeys() }
        pair.clientSends([7])
        #expect(receive(pair, behind: 10) == [7])
        #expect(pair.server.send([8], from: 0) == .count(1))
        #expect(pair.clientReceives() == [8])
    }
}
