#if DEBUG
internal import Shared

@testable internal import Gateway

/// The server as a whole: one loop, one listener, one broker.
enum ConformanceServer {
    /// How long (ms) a socket may take nothing of what waits for it; suites like to pause.
    private static let stalledTimeout: Int64 = 120_000
    /// How long (ms) a connection may take to become a WebSocket.
    static let handshakeTimeout: Int64 = 10_000

    /// Serves until a signal asks to end.
    static func run(on address: SocketAddress) throws(SystemError) {
        let loop = try EventLoop()
        let connections = ConnectionSet(loop: loop, stalledTimeout: stalledTimeout, unsentLimit: .max)
        let broker = Broker()
        // Even the shortest messages are compressed, for the suites to see it.
        let compression = CompressionPool(minimumMessage: 0)
        try Signals.observe(Signals.terminating, on: loop) { _ in loop.stop() }
        let listener = try Listener(address, sharing: .claims, on: loop) { accepted in
            guard let connection = try? connections.add(accepted, lookingAt: loop.now + handshakeTimeout) else {
                return SystemCall.close(accepted.descriptor)
            }
            connection.peer = HandshakePeer(
                connection: connection, loop: loop, broker: broker, compression: compression)
        }
        StandardStreams.write("listening on \(address)\n")
        loop.run()
        listener.close()
    }
}
#endif
