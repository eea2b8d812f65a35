internal import Shared

/// How a worker lets its clients go: in random order over the first half of the time there is, so that they don't all come
/// back to the other nodes in one moment.
enum Drain {
    /// `time` in milliseconds is what there is for all of it.
    static func begin(_ worker: Worker, time: Int64) {
        worker.stopListening()
        let span = max(1, time / 2)
        for session in worker.clientSessions {
            worker.loop.schedule(after: Int64.random(in: 0..<span)) { [weak session] in
                session?.leaveForAnotherNode()
            }
        }
        worker.loop.schedule(after: span) { worker.closeIdle() }
    }
}
