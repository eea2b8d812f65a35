internal import Shared

/// HTTP/1.1 on one connection, until it ends or becomes a WebSocket.
///
/// Requests are answered one after the other; what a client pipelines waits. Confined to its worker's loop.
final class HTTPPeer: Peer {
    /// Which requests a listener answers.
    enum Service {
        case everything
        /// Everything but health checks and metrics, which have a port of their own.
        case clients
        /// Health checks and metrics.
        case operations
    }

    private let connection: Connection
    private unowned let worker: Worker
    private let service: Service
    private let isAdmitted: Bool
    private var parser: HTTPRequestParser
    private var isAnswering = false
    /// When the request that is being read has to be whole (monotonic ms).
    private var deadline: Int64

    init(connection: Connection, worker: Worker, service: Service, isAdmitted: Bool) {
        self.connection = connection
        self.worker = worker
        self.service = service
        self.isAdmitted = isAdmitted
        parser = HTTPRequestParser(limits: worker.node.config.http)
        deadline = worker.loop.now + worker.node.config.webSocket.handshakeTimeout
    }

    // MARK: Reading

    func receive(_ buffer: inout [UInt8], _ available: inout Range<Int>) {
        while !isAnswering, connection.isOpen {
            switch parser.next(buffer, &available) {
            case .needMore: return
            case .expectContinue: connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            case .failure(let failure):
                worker.metrics.httpRequestsRefused.increment()
                worker.log.info(
                    "request can't be read",
                    [
                        .address: .string(connection.clientAddress), .status: .number(failure.status),
                        .reason: .string(failure.reason),
                    ])
                let response = ProblemDetails.response(
                    status: failure.status, code: "bad-request", detail: failure.reason)
                return respond(response, isHead: false, keepsAlive: false)
            case .request(let request): answer(request)
            }
        }
    }

    // MARK: Answering

    private static let webSocketPaths: Set<String> = ["/ws", "/ws/websocket"]

    /// Answers a request, or turns the connection into a WebSocket; nothing is read meanwhile.
    private func answer(_ request: HTTPRequest) {
        worker.metrics.httpRequests.increment()
        let isHead = request.method == "HEAD"
        guard isAdmitted || service == .operations else {
            let response = ProblemDetails.response(
                status: 503, code: "too-many-connections", detail: "This node takes no more connections.",
                retryAfter: 5)
            return respond(response, isHead: isHead, keepsAlive: false)
        }
        if Self.webSocketPaths.contains(request.path), service != .operations {
            return openWebSocket(request)
        }
        isAnswering = true
        connection.pauseReading()
        worker.loop.spawn { [self] in
            let response = await worker.router.respond(to: request, service, from: connection.clientAddress)
            isAnswering = false
            deadline = worker.loop.now + worker.node.config.webSocket.idleTimeout
            respond(response, isHead: isHead, keepsAlive: request.keepsAlive)
            if connection.isOpen { connection.resumeReading() }
        }
    }

    private func respond(_ response: HTTPResponse, isHead: Bool, keepsAlive: Bool) {
        guard connection.isOpen else { return }
        var output: [UInt8] = []
        HTTPResponseWriter.append(
            response, to: &output, isHead: isHead, keepsAlive: keepsAlive,
            now: WallClock.nowMilliseconds() / 1_000)
        connection.send(output)
        if !keepsAlive { connection.finish() }
    }

    private func openWebSocket(_ request: HTTPRequest) {
        // Before any cryptography: a flood must not cost what it is meant to cost.
        if let retryAfter = worker.limiter.admitHandshake() {
            return refuse(
                HandshakeRefusal(
                    .busy(retryAfter: retryAfter), "try-later", "The node has too many handshakes at present."), request
            )
        }
        isAnswering = true
        connection.pauseReading()
        worker.loop.spawn { [self] in
            let verdict = await worker.judge(request, from: connection.clientAddress)
            isAnswering = false
            guard connection.isOpen else { return }
            settle(verdict, request)
            connection.resumeReading()
        }
    }

    /// Accepts or refuses a handshake; a verdict that waits for something doesn't come here.
    private func settle(_ verdict: JwtHandshakeInterceptor.Verdict, _ request: HTTPRequest) {
        switch verdict {
        case .redeem, .refreshKeys: break
        case .malformed(let response):
            worker.metrics.handshakesRefused.increment()
            respond(response, isHead: false, keepsAlive: false)
        case .refuse(let refusal): refuse(refusal, request)
        case .accept(let identity, let key, let subprotocol):
            worker.metrics.handshakes.increment()
            let compression = PermessageDeflate.negotiate(
                request.headers.list("Sec-WebSocket-Extensions"), worker.node.config.webSocket.compression)
            connection.send(WebSocketHandshake.response(key: key, protocol: subprotocol, compression))
            connection.peer = ClientSession(
                identity: identity, connection: connection, worker: worker, compression: compression)
        }
    }

    private func refuse(_ refusal: HandshakeRefusal, _ request: HTTPRequest) {
        worker.metrics.handshakesRefused.increment()
        worker.log.handshakeRefused(refusal.code, address: connection.clientAddress)
        if HTTPQuery(request.query)?.first("explain") == "1" {
            explain(refusal, request)
        } else {
            respond(refusal.response, isHead: false, keepsAlive: false)
        }
    }

    /// Browsers can't read the status of a refused handshake: on demand it is accepted, only to say why in a frame.
    private func explain(_ refusal: HandshakeRefusal, _ request: HTTPRequest) {
        guard case .accept(let key, let offered) = WebSocketHandshake.accept(request) else { return }
        connection.send(
            WebSocketHandshake.response(key: key, protocol: StompVersion.subprotocol(among: offered)))
        var error: [UInt8] = []
        StompEncoder.appendError(StompFailure(refusal.code, refusal.message), version: .v12, to: &error)
        var output: [UInt8] = []
        WebSocketEncoder.appendText(error, to: &output)
        WebSocketEncoder.appendClose(refusal.closeCode, reason: refusal.code, to: &output)
        connection.send(output)
        connection.finish()
    }

    // MARK: Life

    func transportClosed(_ reason: String) {}

    func outputDrained() {}

    func checkLiveness(_ now: Int64) -> Int64 {
        if isAnswering { return now + 1_000 }
        if now >= deadline {
            connection.finish()
            return now + 1_000
        }
        return deadline
    }
}
