/// How long a client has been silent. Time in which the server itself doesn't read says nothing about the client: its pong may lie
/// in the socket.
struct SilenceClock {
    /// Whether the server doesn't read at present, for reasons of its own.
    private var isDeaf = false
    /// Since when it reads (monotonic ms).
    private var listensSince = Int64.min

    /// The server reads from now on, or doesn't.
    mutating func listens(_ listens: Bool, at now: Int64) {
        guard listens == isDeaf else { return }
        isDeaf = !listens
        if listens { listensSince = now }
    }

    /// Up to when the client can't be called silent, where something came last at `lastReceived`.
    func heard(_ lastReceived: Int64, _ now: Int64) -> Int64 {
        isDeaf ? now : max(lastReceived, listensSince)
    }

    /// Whether nothing has come since a ping that was sent at `sentAt`, in the time there was for it.
    func missesPong(sentAt: Int64, timeout: Int64, _ lastReceived: Int64, _ now: Int64) -> Bool {
        lastReceived < sentAt && now - max(sentAt, heard(lastReceived, now)) >= timeout
    }
}
