internal import Shared

/// How a session is held to the rate of its user's frames: what comes faster isn't read, and nothing is refused.
extension ClientSession {
    /// Whether nothing more is decoded at present: the client doesn't take its answers, or sends faster than it may.
    var isHeldUp: Bool { isChoked || frames.isSpent }

    /// A frame is handled.
    func countFrame() {
        if frames.spend() { askForFrames() }
    }

    private func askForFrames() {
        worker.limiter.take(.frames, .user(identity.user), count: FrameBudget.portion) { [weak self] retryAfter in
            guard let self, !isEnded else { return }
            if let retryAfter {
                worker.loop.schedule(after: retryAfter) { [weak self] in self?.askForFrames() }
                return
            }
            let wasSpent = frames.isSpent
            frames.refill()
            if wasSpent { goOn() }
        }
    }
}
