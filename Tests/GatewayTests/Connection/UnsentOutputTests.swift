import Shared
import Testing

@testable import Gateway

@Suite struct UnsentOutputTests {
    private func chunk(_ size: Int) -> Chunk { Chunk([UInt8](repeating: 7, count: size)) }

    @Test func whatManyQueuesShareIsThereOnce() {
        let unsent = UnsentOutput(limit: 1_000)
        let shared = chunk(500)
        var queues = [OutputQueue(unsent), OutputQueue(unsent), OutputQueue(unsent)]
        for place in queues.indices { queues[place].append(shared) }
        #expect(unsent.byteCount == 500 + 3 * UnsentOutput.placeBytes && !unsent.isExceeded)
        queues[0].clear()
        queues[1].clear()
        #expect(unsent.byteCount == 500 + UnsentOutput.placeBytes)
        queues[2].clear()
        #expect(unsent.byteCount == 0)
    }

    @Test func placesCountToo() {
        let unsent = UnsentOutput(limit: 1_000)
        var queue = OutputQueue(unsent)
        for _ in 0..<16 { queue.append(chunk(2)) }
        #expect(unsent.isExceeded && queue.cost == unsent.byteCount)
    }

    @Test func reliefIsMoreThanTheLimitAsks() {
        let unsent = UnsentOutput(limit: 1_000)
        let (first, second) = (chunk(850), chunk(150))
        unsent.wait(first)
        unsent.wait(second)
        #expect(unsent.isExceeded && !unsent.isRelieved)
        unsent.leave(second)
        #expect(!unsent.isExceeded && !unsent.isRelieved)
        unsent.leave(first)
        #expect(unsent.isRelieved)
    }

    /// Two clients take nothing; the one for whom more waits is ended, and what waited for it is let go.
    @Test func whoHasMostWaitingIsEndedFirst() throws {
        let loop = try EventLoop()
        let connections = ConnectionSet(loop: loop, stalledTimeout: 60_000, unsentLimit: 12 << 20)
        var ended = 0
        connections.stalled = { ended += 1 }
        let (less, more) = (try ConnectionPair(loop, connections), try ConnectionPair(loop, connections))
        let size = less.fill()
        #expect(ended == 0)
        more.connection.send([UInt8](repeating: 7, count: 10 << 20))
        #expect(more.turn { !more.peer.ends.isEmpty })
        #expect(more.peer.ends == ["too much waits for clients, and most for this one"])
        #expect(less.peer.ends.isEmpty && less.connection.isOpen && ended == 1)
        // A chunk that has left in part is still there.
        #expect(connections.unsent.byteCount == size + UnsentOutput.placeBytes)
    }

    /// What leaves by the socket, in parts, is let go as well.
    @Test func whatIsSentWaitsNoMore() throws {
        let pair = try ConnectionPair()
        let size = pair.fill()
        #expect(pair.connections.unsent.byteCount == size + UnsentOutput.placeBytes)
        var read = 0
        #expect(
            pair.turn {
                read += pair.read()
                return read == size
            })
        #expect(pair.turn { pair.connections.unsent.byteCount == 0 })
    }
}
