internal import Shared

/// How a worker lets its clients go: in random order over the first half of the time there is, so that they don't all come
/// back to the other nodes in one moment.
enum Drain {
    static func begin(_ worker: Worker) {
        worker.stopListening()
        let span = max(1, worker.node.config.shutdownTimeout / 2)
        for session in worker.clientSessions {
            worker.loop.schedule(after: Int64.random(in: 0..<span)) { [weak session] in
                session?.end(.serviceRestart, reason: "the node is stopping")
            }
        }
        worker.loop.schedule(after: span) { worker.closeIdle() }
    }
}
