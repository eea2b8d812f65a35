internal import Shared

/// Clients that the node has no room for: each is told so at once, whatever it was about to send, and held only until it has
/// read that.
///
/// Nothing is read of them and nothing is encrypted for them, so a flood of them costs an accept and a write each. Confined to
/// its loop.
final class TurnedAway {
    /// A fatal alert `internal_error` (RFC 8446, section 6.2), which every version of TLS takes in place of a handshake.
    private static let alert: [UInt8] = [21, 3, 3, 0, 2, 2, 80]
    /// Milliseconds between the answer and the end of our side.
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
        connection.send(isSecure ? Self.alert : Self.response)
        connection.pauseReading()
        // A client that finds the end before it has sent its request doesn't look at the answer.
        connections.loop.schedule(after: Self.patience) { [weak connection] in connection?.finish() }
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
