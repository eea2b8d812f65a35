internal import Shared

/// How a session ends.
extension ClientSession {
    /// After DISCONNECT the client gets this long (ms) to close by itself.
    private static let leaveMilliseconds: Int64 = 2_000

    /// The client has said good-bye.
    func leave() {
        guard !isEnded else { return }
        phase = .leaving(deadline: worker.loop.now + Self.leaveMilliseconds)
        worker.wheel.move(connection, to: worker.loop.now + Self.leaveMilliseconds)
    }

    /// After it has been told to stop, what a session has under way gets its answers for so long (ms).
    private static let answerMilliseconds: Int64 = 5_000

    /// The node is stopping: nothing more of the client is read, what is under way is answered, then it is sent to another node. It
    /// would else have to guess what has become of its messages.
    func leaveForAnotherNode() {
        guard !isEnded, !isLeavingNode else { return }
        isLeavingNode = true
        order.stop()
        goOn()
        worker.loop.schedule(after: Self.answerMilliseconds) { [weak self] in self?.goElsewhere() }
    }

    /// The end of that, once everything is answered.
    func goElsewhereWhenAnswered() {
        if isLeavingNode, order.isIdle { goElsewhere() }
    }

    private func goElsewhere() {
        end(.serviceRestart, reason: "the node is stopping")
    }

    /// ERROR, then close: with `code`, or as the failure says.
    func fail(_ failure: StompFailure, _ code: CloseCode? = nil) {
        guard !isEnded else { return }
        var frame: [UInt8] = []
        StompEncoder.appendError(failure, version: version, to: &frame)
        // Behind whatever waits; it is the last.
        if webSocket.isOpen { connection.send(framed(frame)) }
        noteFailure(failure.code, failure.message)
        end(code ?? failure.closeCode, reason: failure.code)
    }

    private func noteFailure(_ code: String, _ reason: String) {
        worker.metrics.sessionsFailed.increment()
        worker.log.info(
            "session failed",
            [.session: .string(id), .user: .uuid(identity.user), .code: .string(code), .reason: .string(reason)])
    }

    /// Starts the closing handshake and lets everything queued leave.
    func end(_ code: CloseCode, reason: String) {
        guard !isEnded else { return }
        if let frame = webSocket.close(code, reason: reason) { connection.send(frame) }
        conclude(code.rawValue, reason)
        connection.finish()
    }

    /// The client's side of the closing handshake is done.
    func transportEnds(_ code: UInt16) {
        if let failure = webSocket.failure { noteFailure("broken-websocket", failure) }
        conclude(code, webSocket.failure ?? "closed by the client")
        connection.finish()
    }

    func transportClosed(_ reason: String) {
        conclude(1006, reason)
    }

    /// Forgets everything about the session; what is left to send leaves by the connection.
    private func conclude(_ code: UInt16, _ reason: String) {
        guard !isEnded else { return }
        let wasConnected =
            switch phase {
            case .connected, .leaving: true
            case .awaitingConnect, .connecting, .ended: false
            }
        phase = .ended
        worker.sessionIndex.remove(self, id, identity)
        typing.endAll()
        for id in Array(subscriptions.keys) { removeSubscription(id) }
        wakeSubscriptions()
        guard wasConnected else { return }
        worker.metrics.sessions.add(-1)
        worker.sessions.unregister(self)
        worker.log.disconnected(origin, code: code, reason: reason)
    }
}
