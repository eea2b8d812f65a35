import Glibc
import Testing

@testable import Gateway
@testable import Shared

/// A connection at one end of a pair of sockets, on a loop that turns on the test's own thread; the test has the other end.
final class ConnectionPair {
    let loop: EventLoop
    let connections: ConnectionSet
    let peer = Recorder()
    let connection: Connection
    private(set) var other: Int32

    /// With a loop and a set of the test's own, or its own.
    init(_ loop: EventLoop? = nil, _ connections: ConnectionSet? = nil) throws {
        let loop = try loop ?? EventLoop()
        let connections = connections ?? ConnectionSet(loop: loop, stalledTimeout: 60_000, unsentLimit: .max)
        self.loop = loop
        self.connections = connections
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try SystemCall.checked("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        other = ends[1]
        connection = try connections.add(
            Socket.Accepted(descriptor: ends[0], peer: nil), lookingAt: loop.now + 60_000)
        connection.peer = peer
    }

    deinit {
        connection.close()
        leave()
    }

    /// Turns the loop until something holds; false where it doesn't in time.
    func turn(until condition: @escaping () -> Bool) -> Bool { loop.turn(until: condition) }

    /// Sends as much as to fill the socket; returns the bytes.
    func fill() -> Int {
        let size = 8 << 20
        connection.send([UInt8](repeating: 7, count: size))
        #expect(turn { self.connection.stalledSince != nil })
        return size
    }

    /// The client goes away with whatever it hasn't read.
    func leave() {
        if other >= 0 { SystemCall.close(other) }
        other = -1
    }

    /// The bytes that have come in at the client's end.
    func read() -> Int {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var total = 0
        while case .count(let count) = SystemCall.receive(other, into: &buffer), count > 0 { total += count }
        return total
    }
}

/// A peer that notes what it is told, and takes whatever comes.
final class Recorder: Peer {
    var received: [UInt8] = []
    var ends: [String] = []
    var drains = 0
    var onReceive: (inout Range<Int>) -> Void = { $0 = $0.upperBound..<$0.upperBound }

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        let start = available.lowerBound
        onReceive(&available)
        received += buffer[start..<available.lowerBound]
    }

    func transportClosed(_ reason: String) { ends.append(reason) }
    func checkLiveness(_ now: Int64) -> Int64 { now + 60_000 }
    func outputDrained() { drains += 1 }
}

extension EventLoop {
    /// Turns on the test's own thread, behind `body`, until something holds; false where it doesn't within ten seconds.
    func turn(_ body: @escaping () -> Void = {}, until condition: @escaping () -> Bool) -> Bool {
        let deadline = MonotonicClock.nowMilliseconds() + 10_000
        var isMet = false
        func look() {
            isMet = isMet || condition()
            if isMet || MonotonicClock.nowMilliseconds() >= deadline { return stop() }
            schedule(after: 1, look)
        }
        schedule(after: 0) {
            body()
            look()
        }
        run()
        return isMet
    }
}
