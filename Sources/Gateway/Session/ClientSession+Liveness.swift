internal import Shared

/// How a session judges that its client is still there.
extension ClientSession {
    func checkLiveness(_ now: Int64) -> Int64 {
        let config = worker.node.config.webSocket
        webSocket.compressor?.releaseIfIdle()
        switch phase {
        case .ended: return now + 1_000
        case .leaving(let deadline):
            if now >= deadline { end(.normal, reason: "") }
            return deadline
        case .awaitingConnect, .connecting:
            let deadline = startedAt + config.handshakeTimeout
            if now >= deadline {
                fail(StompFailure(.handshakeTimeout, "CONNECT did not come in time."))
            }
            return deadline
        case .connected:
            return checkConnected(now, config)
        }
    }

    private func checkConnected(_ now: Int64, _ config: WebSocketConfig) -> Int64 {
        let untilExpiry = identity.expiresAt == .max ? Int64.max / 2 : identity.expiresAt - WallClock.nowMilliseconds()
        if untilExpiry <= 0 {
            fail(StompFailure(.tokenExpired, "The token has expired."))
            return now + 1_000
        }
        let lastReceived = connection.lastReceived
        if let pingSentAt, silence.missesPong(sentAt: pingSentAt, timeout: config.pongTimeout, lastReceived, now) {
            end(.heartBeatMissed, reason: "no pong")
            return now + 1_000
        }
        if now - silence.heard(lastReceived, now) >= config.idleTimeout {
            end(.heartBeatMissed, reason: "idle")
            return now + 1_000
        }
        if now - lastPingAt >= config.pingInterval {
            lastPingAt = now
            if pingSentAt == nil || lastReceived >= (pingSentAt ?? 0) { pingSentAt = now }
            sendPing()
        }
        var next = min(lastPingAt + config.pingInterval, now + untilExpiry)
        if let pingSentAt { next = min(next, max(now + 1, pingSentAt + config.pongTimeout)) }
        return min(next, checkHeartBeat(now))
    }

    private func checkHeartBeat(_ now: Int64) -> Int64 {
        heartBeat?.sent(at: connection.lastSent)
        heartBeat?.received(at: silence.heard(connection.lastReceived, now))
        switch heartBeat?.check(now) {
        case .fine(let next): return next
        case .sendHeartBeat:
            send(stomp: [UInt8(ascii: "\n")])
            return now + 1_000
        case .missed:
            fail(StompFailure(.heartBeatMissed, "The client's heart-beats were missed."))
            return now + 1_000
        case nil: return .max
        }
    }
}
