internal import Shared

/// Clients that the node has no room for: each is told so with the first byte that it sends, whatever that begins, or a moment
/// later, and held only until it has read that.
///
/// Nothing of what they send is looked at and nothing is encrypted for them, so a flood of them costs an accept, a read and a
/// write each. Confined to its loop.
final class TurnedAway {
    /// A fatal alert `internal_error` (RFC 8446, section 6.2), which every version of TLS takes in place of a handshake.
    private static let alert: [UInt8] = [21, 3, 3, 0, 2, 2, 80]
    /// Milliseconds until somebody who says nothing is told.
    private static let patience: Int64 = 300
    /// Seconds after which it may be worth to come again.
    private static let retryAfter = 5

    private let connections: ConnectionSet
    private let maximum: Int

    /// So many at a time are told; more are closed without a word.
    init(loop: EventLoop, maximum: Int) {
        self.maximum = maximum
        connections = ConnectionSet(loop: loop, stalledTimeout: 1_000, unsentLimit: .max)
    }

    /// How many there are at present.
    var count: Int { connections.all.count }

    /// Takes an accepted socket, and sees to its end.
    func take(_ accepted: Socket.Accepted, isSecure: Bool) {
        guard count < maximum,
            let connection = try? connections.add(accepted, lookingAt: connections.loop.now + 1_000)
        else { return SystemCall.close(accepted.descriptor) }
        let visitor = Visitor(connection, isSecure ? Self.alert : Self.response)
        connection.peer = visitor
        connections.loop.schedule(after: Self.patience) { [weak visitor] in visitor?.tell() }
    }

    private static var response: [UInt8] {
        let problem = ErrorCode.tooManyConnections.problem(
            "This node takes no more connections.", retryAfter: retryAfter)
        var output: [UInt8] = []
        HTTPResponseWriter.append(
            problem, to: &output, isHead: false, keepsAlive: false, now: WallClock.nowMilliseconds() / 1_000)
        return output
    }
}

/// Tells a client why it is turned away, once it speaks: one that hears it before takes the connection for broken.
private final class Visitor: Peer {
    private weak var connection: Connection?
    private let answer: [UInt8]

    init(_ connection: Connection, _ answer: [UInt8]) {
        self.connection = connection
        self.answer = answer
    }

    func tell() {
        connection?.send(answer)
        connection?.finish()
    }

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        available = available.upperBound..<available.upperBound
        tell()
    }

    func transportClosed(_ reason: String) {}
    func checkLiveness(_ now: Int64) -> Int64 { now + 1_000 }
    func outputDrained() {}
}
