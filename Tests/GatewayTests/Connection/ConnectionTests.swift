import Glibc
import Testing

@testable import Gateway
@testable import Shared

@Suite struct ConnectionTests {
    /// Then the socket is readable, writable and broken at once: what writes closes it, and nothing reads it any more. A debug
    /// build stops at a descriptor that isn't open.
    @Test func aClientThatLeavesWithBytesUnreadEndsItsConnectionAlone() throws {
        let pair = try ConnectionPair()
        _ = pair.fill()
        pair.leave()
        #expect(pair.turn { !pair.peer.ends.isEmpty })
        #expect(pair.peer.ends == ["connection lost"] && !pair.connection.isOpen)
        #expect(pair.connections.all.isEmpty && Defect.count == 0)
    }

    /// It has said only that it will send nothing more (RFC 9293, section 3.6).
    @Test func aClientThatHasEndedItsSideStillGetsWhatWaitsForIt() throws {
        let pair = try ConnectionPair()
        let size = pair.fill()
        #expect(shutdown(pair.other, Int32(SHUT_WR)) == 0)
        #expect(pair.turn { !pair.peer.ends.isEmpty })
        var read = 0
        #expect(
            pair.turn {
                read += pair.read()
                return pair.connections.all.isEmpty
            })
        #expect(read + pair.read() == size)
    }

    @Test func aClientThatHasEndedItsSideAndReadAllIsGone() throws {
        let pair = try ConnectionPair()
        #expect(shutdown(pair.other, Int32(SHUT_WR)) == 0)
        #expect(pair.turn { pair.connections.all.isEmpty })
        #expect(pair.peer.ends == ["connection lost"])
    }

    /// Since what was written last, however often the socket is found full again.
    @Test func aSocketThatTakesNothingIsStalledSinceItTookSomething() throws {
        let pair = try ConnectionPair()
        _ = pair.fill()
        let since = try #require(pair.connection.stalledSince)
        #expect(pair.turn { pair.loop.now > since })
        pair.connection.ready(.writable)
        #expect(pair.connection.stalledSince == since)
    }

    @Test func whatIsLeftComesAgainWithWhatFollows() throws {
        let pair = try ConnectionPair()
        // It takes two bytes at a time, and never the last one alone.
        pair.peer.onReceive = { available in
            while available.count >= 2 { available = available.lowerBound + 2..<available.upperBound }
        }
        let text = Array("abcdefghijk".utf8)
        for piece in [text[0..<3], text[3..<8], text[8...]] {
            _ = SystemCall.send(pair.other, Array(piece), from: 0)
            _ = pair.turn { pair.peer.received.count >= piece.endIndex / 2 * 2 }
        }
        #expect(pair.peer.received == Array(text.dropLast()))
    }

    @Test func nothingIsReadWhileReadingIsPausedAndAllOfItAfterwards() throws {
        let pair = try ConnectionPair()
        // One byte, then a pause.
        pair.peer.onReceive = { [connection = pair.connection] available in
            available = available.lowerBound + 1..<available.upperBound
            connection.pauseReading()
        }
        _ = SystemCall.send(pair.other, Array("abc".utf8), from: 0)
        #expect(pair.turn { pair.peer.received.count == 1 })
        _ = SystemCall.send(pair.other, Array("def".utf8), from: 0)
        for count in 2...6 {
            pair.connection.resumeReading()
            #expect(pair.turn { pair.peer.received.count == count })
        }
        #expect(pair.peer.received == Array("abcdef".utf8))
    }
}

@Suite struct GreetingTests {
    /// A socket whose other side has ended is readable for ever, whatever its threshold.
    @Test func halfAProxyHeaderIsWaitedForOnce() throws {
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        defer { for end in ends { SystemCall.close(end) } }
        var scratch = [UInt8](repeating: 0, count: 4_096)
        var greeting = try #require(Greeting(isFromProxy: true, isSecure: false))
        _ = SystemCall.send(ends[1], Array("PROXY TCP4 1.2.3.4".utf8), from: 0)
        guard case .needMore(wantsWrite: false) = greeting.advance(ends[0], nil, &scratch) else {
            Issue.record("the header isn't whole")
            return
        }
        _ = shutdown(ends[1], Int32(SHUT_WR))
        guard case .failed = greeting.advance(ends[0], nil, &scratch) else {
            Issue.record("the rest doesn't come")
            return
        }
    }
}
