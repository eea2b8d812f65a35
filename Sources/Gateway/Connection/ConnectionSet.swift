internal import Shared

/// The open connections of one event loop: it writes what waits at the end of each turn, and looks at each of them when its
/// second has come.
///
/// Confined to its loop.
final class ConnectionSet {
    let loop: EventLoop
    let wheel: LivenessWheel
    /// How long (ms) a socket may take nothing of what waits for it.
    let stalledTimeout: Int64
    /// What waits for clients that haven't taken it.
    let unsent: UnsentOutput
    /// Called for a connection that is closed because its socket took nothing, or too little while too much waited in all.
    var stalled: () -> Void = {}
    /// Called with the address of a connection that didn't get as far as HTTP, and why.
    var refused: (_ address: String, _ reason: String) -> Void = { _, _ in }
    /// Called when a connection is closed and forgotten.
    var dismissed: () -> Void = {}
    /// Writes to sockets since the start.
    var writeCount = 0
    private var dirty: [Connection] = []
    private var members: [ObjectIdentifier: Connection] = [:]

    /// `unsentLimit` is how many bytes may wait for clients in all.
    init(loop: EventLoop, stalledTimeout: Int64, unsentLimit: Int) {
        self.loop = loop
        self.stalledTimeout = stalledTimeout
        unsent = UnsentOutput(limit: unsentLimit)
        wheel = LivenessWheel(now: loop.now)
        loop.atEndOfTurn(.flush) { [weak self] in self?.flush() }
        loop.scheduleRepeating(every: 1_000) { [weak self] in
            guard let self else { return false }
            wheel.turn(to: self.loop.now)
            return true
        }
    }

    var count: Int { members.count }

    var all: some Collection<Connection> { members.values }

    /// Takes an accepted socket; it is looked at first at `deadline` (monotonic ms). Nothing is read before the turn ends, so
    /// the caller can still give it its peer. Throws where the kernel can't watch it; the socket is still the caller's then.
    func add(
        _ accepted: Socket.Accepted, tls: TLSStream? = nil, greeting: Greeting? = nil, lookingAt deadline: Int64
    ) throws(SystemError) -> Connection {
        let connection = Connection(accepted, tls: tls, greeting: greeting, owner: self)
        try connection.start()
        members[ObjectIdentifier(connection)] = connection
        wheel.add(connection, at: deadline)
        return connection
    }

    /// Forgets a connection that is closed.
    func remove(_ connection: Connection) {
        guard members.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        wheel.remove(connection)
        dismissed()
    }

    /// Has a connection's output written at the end of the turn.
    func markDirty(_ connection: Connection) {
        dirty.append(connection)
    }

    private func flush() {
        // A flush may make others dirty: what is told to one may end another.
        repeat {
            while !dirty.isEmpty {
                let connections = dirty
                dirty.removeAll(keepingCapacity: true)
                for connection in connections { connection.flush() }
            }
            relieve()
        } while !dirty.isEmpty
    }

    /// Ends those for whom most waits while more waits in all than may. Only that lets go of it: who doesn't read can't be told.
    private func relieve() {
        guard unsent.isExceeded else { return }
        let waiting = members.values.map { (connection: $0, bytes: $0.unsentShare) }.filter { $0.bytes > 0 }
        for (connection, _) in waiting.sorted(by: { $0.bytes > $1.bytes }) {
            guard !unsent.isRelieved else { return }
            stalled()
            connection.close("too much waits for clients, and most for this one")
        }
    }
}
