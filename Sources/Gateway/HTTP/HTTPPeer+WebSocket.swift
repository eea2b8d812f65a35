internal import Shared

/// How a connection becomes a WebSocket, or why it doesn't.
extension HTTPPeer {
    private static let webSocketPaths: Set<String> = ["/ws", "/ws/websocket"]

    /// Whether a request asks for one.
    func isForWebSocket(_ request: HTTPRequest) -> Bool {
        Self.webSocketPaths.contains(request.path) && service != .operations
    }

    /// Judges a handshake; nothing is read meanwhile.
    func openWebSocket(_ request: HTTPRequest) {
        // Before any cryptography: a flood must not cost what it is meant to cost.
        if let retryAfter = worker.limiter.admitHandshake() {
            return refuse(
                HandshakeRefusal(
                    .busy(retryAfter: retryAfter), .tryLater, "The node has too many handshakes at present."), request
            )
        }
        isAnswering = true
        connection.pauseReading()
        worker.loop.spawn { [self] in
            let verdict = await worker.judge(request, from: connection.clientAddress)
            isAnswering = false
            guard connection.isOpen else { return }
            // The sessions have been told to go: another would be told by nobody.
            guard !isLeaving else { return connection.finish() }
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
            let session = ClientSession(
                identity: identity, connection: connection, worker: worker, compression: compression,
                startedAt: requestBegan)
            worker.sessionIndex.add(session, session.id, identity)
            connection.peer = session
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
        guard case .accept(let key, let offered) = WebSocketHandshake.accept(request) else {
            return respond(refusal.response, isHead: false, keepsAlive: false)
        }
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
}
