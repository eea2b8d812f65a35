#if DEBUG
internal import Shared

@testable internal import Gateway

/// HTTP on a new connection, until it has become a WebSocket; anything else is refused.
final class HandshakePeer: Peer {
    private let connection: Connection
    private let loop: EventLoop
    private let broker: Broker
    private let compression: CompressionPool
    private var parser = HTTPRequestParser(limits: HTTPLimits(body: 0))

    init(connection: Connection, loop: EventLoop, broker: Broker, compression: CompressionPool) {
        self.connection = connection
        self.loop = loop
        self.broker = broker
        self.compression = compression
    }

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        switch parser.next(buffer, &available) {
        case .needMore, .streamed, .content, .contentEnd: return
        case .expectContinue, .announced: refuse(HTTPResponse(status: 417))
        case .failure(let failure): refuse(HTTPResponse(status: failure.status, body: Array(failure.reason.utf8)))
        case .request(let request):
            guard let peer = upgrade(request) else { return }
            connection.peer = peer
            peer.receive(&buffer, &available)
        }
    }

    private func upgrade(_ request: HTTPRequest) -> (any Peer)? {
        switch WebSocketHandshake.accept(request) {
        case .refuse(let response):
            refuse(response)
        case .accept(let key, _) where request.path == "/echo":
            let agreed = negotiate(request, .takeover)
            connection.send(WebSocketHandshake.response(key: key, protocol: nil, agreed))
            return EchoPeer(connection: connection, agreed.map { ($0, compression) })
        case .accept(let key, _) where request.path == "/echo/no-takeover":
            let agreed = negotiate(request, .noTakeover)
            connection.send(WebSocketHandshake.response(key: key, protocol: nil, agreed))
            return EchoPeer(connection: connection, agreed.map { ($0, compression) })
        case .accept(let key, let offered) where request.path == "/stomp":
            let agreed = negotiate(request, .noTakeover)
            connection.send(
                WebSocketHandshake.response(key: key, protocol: StompVersion.subprotocol(among: offered), agreed))
            return BrokerSession(
                connection: connection, loop: loop, broker: broker, agreed.map { ($0, compression) })
        case .accept:
            refuse(HTTPResponse(status: 404))
        }
        return nil
    }

    private func negotiate(_ request: HTTPRequest, _ policy: CompressionPolicy) -> PermessageDeflate? {
        PermessageDeflate.negotiate(request.headers.list("Sec-WebSocket-Extensions"), policy)
    }

    private func refuse(_ response: HTTPResponse) {
        var output: [UInt8] = []
        HTTPResponseWriter.append(
            response, to: &output, isHead: false, keepsAlive: false, now: WallClock.nowMilliseconds() / 1_000)
        connection.send(output)
        connection.finish()
    }

    func transportClosed(_ reason: String) {}

    func outputDrained() {}

    func checkLiveness(_ now: Int64) -> Int64 {
        connection.finish()
        return now + 1_000
    }
}
#endif
