internal import Shared

/// What the frames of a session lead to.
extension ClientSession {
    /// Carries out a frame; all SENDs before it have been answered.
    func perform(_ action: StompAction) {
        switch action {
        case .connect(let connect): self.connect(connect)
        case .subscribe(let id, let destination, let mode, let frame, let hasID, let receipt):
            subscribe(id, destination, mode, frame, hasID: hasID, receipt: receipt)
        case .unsubscribe(let id, let receipt):
            removeSubscription(id)
            sendReceipt(receipt)
        case .ack(let reference, let receipt):
            settle(reference, isAck: true)
            sendReceipt(receipt)
        case .nack(let reference, let receipt):
            settle(reference, isAck: false)
            sendReceipt(receipt)
        case .commit(let actions, let receipt): commit(actions, receipt)
        case .handled(let receipt): sendReceipt(receipt)
        case .disconnect(let receipt):
            sendReceipt(receipt)
            leave()
        case .refuse(let failure):
            refuse(
                CommandError(ErrorCode(rawValue: failure.code) ?? .invalidField, failure.message), destination: nil,
                receipt: failure.receiptID)
        case .fail(let failure): fail(failure)
        case .send(let destination, let frame, let receipt):
            carryOut { [self] in
                let outcome = await outcome(of: destination, frame)
                if !isEnded { tell(Reply(outcome, destination: destination, receipt: receipt)) }
            }
        }
    }

    /// What the controller makes of a SEND.
    private func outcome(of destination: String, _ frame: StompFrame) async -> WebSocketController.Outcome {
        let outcome: Confined<WebSocketController.Outcome> = await withCheckedContinuation { continuation in
            worker.controller.handle(destination, frame.body, from: self) {
                continuation.resume(returning: Confined($0))
            }
        }
        return outcome.value
    }

    /// CONNECTED is sent once the session is registered: whoever is connected can be found.
    private func connect(_ connect: StompConnect) {
        phase = .connecting
        carryOut { [self] in
            switch await worker.sessions.register(self) {
            case .registered: break
            case .tooMany:
                return fail(
                    StompFailure(ErrorCode.tooManySessions, "The user has too many sessions."),
                    .tooManyOrTooSlow)
            case .unavailable:
                return fail(
                    StompFailure(ErrorCode.tryLater, "The server can't register the session at present."),
                    .tryAgainLater)
            }
            guard !isEnded else { return worker.sessions.unregister(self) }
            phase = .connected
            worker.metrics.sessions.add(1)
            heartBeat = HeartBeatMonitor(sendEvery: connect.sendEvery, expectEvery: connect.expectEvery)
            var frame: [UInt8] = []
            StompEncoder.appendConnected(
                connect, session: id, server: "parley/\(Version.current)", userName: identity.user.description,
                to: &frame)
            send(stomp: frame)
            worker.log.connected(origin, version: connect.version.text)
            worker.wheel.move(connection, to: checkLiveness(worker.loop.now))
        }
    }

    /// Runs the frames that a transaction held, up to the first that is refused.
    private func commit(_ actions: [StompAction], _ receipt: String?) {
        carryOut { [self] in
            for (position, action) in actions.enumerated() {
                guard case .send(let destination, let frame, _) = action else {
                    perform(action)
                    continue
                }
                let outcome = await outcome(of: destination, frame)
                guard !isEnded else { return }
                if case .refused(let error, let clientMessageID) = outcome {
                    let message =
                        "Of \(actions.count) frames in the transaction \(position) took effect, then: \(error.message)"
                    return refuse(
                        CommandError(.transactionStopped, message, field: error.field, retryAfter: error.retryAfter),
                        destination: destination, clientMessageID: clientMessageID, receipt: receipt)
                }
                tell(Reply(outcome, destination: destination, receipt: nil))
            }
            sendReceipt(receipt)
        }
    }
}
