internal import Glibc
internal import Shared

/// One accepted TCP connection: its descriptor, what was read and not yet understood, and what waits to be written.
///
/// Confined to its set's loop. An idle connection owns no read buffer and no write buffer.
final class Connection: EventHandler {
    /// After the last byte was written the peer gets this long (ms) to close, so that it can read what we said.
    private static let lingerMilliseconds: Int64 = 2_000

    private enum State {
        case open
        /// Everything written leaves, then our side is shut and theirs is awaited.
        case finishing
        case lingering(deadline: Int64)
        case closed
    }

    private let owner: ConnectionSet
    /// The address of the client, as the balancer told it where there is one.
    var clientAddress: String
    var peer: (any Peer)?

    /// -1 once it is closed, when the number may be another connection's.
    private var descriptor: Int32
    private let tls: TLSStream?
    /// What comes before the first byte of HTTP.
    private var greeting: Greeting?
    private var registration: Registration?
    private var state = State.open
    /// What was read and not yet understood; its first bytes, so many, are understood.
    private var partial: [UInt8] = []
    private var understood = 0
    private var output: OutputQueue
    private var isDirty = false
    /// Whether the socket takes nothing at present.
    private var isBlocked = false
    /// Whether TLS reads nothing before the socket takes something.
    private var isReadBlocked = false
    /// Whether the client will send nothing more.
    private var isAtEnd = false
    /// Since when the socket has taken nothing of what waits; nil while nothing does.
    private var blockedSince: Int64?
    /// Whether the wheel looks at it each second.
    private var isWatched = false
    private(set) var isReadingPaused = false
    private(set) var lastReceived: Int64
    private(set) var lastSent: Int64
    /// The second of the liveness wheel in which this connection is looked at next.
    var wheelSlot = 0

    /// A connection that was just accepted; its greeting is over when nothing has to come before HTTP.
    init(_ accepted: Socket.Accepted, tls: TLSStream?, greeting: Greeting?, owner: ConnectionSet) {
        descriptor = accepted.descriptor
        clientAddress = accepted.peer?.host ?? ""
        self.tls = tls
        self.greeting = greeting
        self.owner = owner
        output = OutputQueue(owner.unsent)
        lastReceived = owner.loop.now
        lastSent = owner.loop.now
    }

    func start() throws(SystemError) {
        registration = try owner.loop.register(descriptor, .readable, self)
    }

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    private var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    /// What waits to be written, by the bytes of memory that it takes.
    var queuedBytes: Int { output.cost }

    /// Its part of what waits for all clients of the loop.
    var unsentShare: Int { output.share }

    /// Since when (monotonic ms) the socket has taken nothing although something waits; nil when it takes all.
    var stalledSince: Int64? { isBlocked ? blockedSince : nil }

    // MARK: Reading

    func ready(_ events: ReadyEvents) {
        if greeting != nil { return greet() }
        if events.contains(.writable) {
            isBlocked = false
            isReadBlocked = false
            flush()
        }
        // The flush, or whoever heard of it, may have closed the connection; its descriptor may be another one's by now.
        guard !isClosed, !events.isDisjoint(with: [.readable, .hangup, .error]) else { return }
        readAvailable()
    }

    private func greet() {
        switch greeting?.advance(descriptor, tls, &owner.loop.scratch) {
        case .needMore(wantsWrite: true): return block()
        case .needMore(wantsWrite: false):
            isBlocked = false
            return updateInterest()
        case .failed(let reason):
            owner.refused(clientAddress, reason)
            return close(reason)
        case .done(let source):
            if let source { clientAddress = source.host }
        case nil: break
        }
        greeting = nil
        isBlocked = false
        blockedSince = nil
        updateInterest()
        readAvailable()
    }

    private func readAvailable() {
        switch tls?.receive(into: &owner.loop.scratch) ?? SystemCall.receive(descriptor, into: &owner.loop.scratch) {
        case .count(0): ended()
        case .count(let count): received(count)
        case .wouldBlock: break
        case .wantsWrite:
            isReadBlocked = true
            block()
        case .failed: close()
        }
    }

    /// The client has said that it will send nothing more (RFC 9293, section 3.6); it may still read what waits for it.
    private func ended() {
        guard !output.isEmpty, !isAtEnd else {
            tls?.close()
            return close()
        }
        isAtEnd = true
        finish()
        updateInterest()
    }

    /// The socket is full: nothing is written before it has room, and whether it gets some is looked at.
    private func block() {
        if blockedSince == nil { blockedSince = owner.loop.now }
        isBlocked = true
        updateInterest()
        watch()
    }

    private func received(_ count: Int) {
        lastReceived = owner.loop.now
        guard case .open = state else { return }
        if partial.isEmpty && !isReadingPaused {
            var available = 0..<count
            peer?.receive(&owner.loop.scratch, &available)
            if case .open = state, !available.isEmpty { partial = Array(owner.loop.scratch[available]) }
        } else {
            partial.removeFirst(understood)
            understood = 0
            partial.append(contentsOf: owner.loop.scratch[..<count])
            consumePartial()
        }
    }

    /// Has the peer take what was left. Its bytes stay where they are until more come: moving them up for each of many small
    /// requests would cost the square of what was read.
    private func consumePartial() {
        guard !partial.isEmpty, !isReadingPaused else { return }
        var bytes = partial
        var available = understood..<bytes.count
        partial = []
        understood = 0
        peer?.receive(&bytes, &available)
        guard case .open = state, !available.isEmpty else { return }
        partial = bytes
        understood = available.lowerBound
    }

    /// Stops taking bytes from the socket: the kernel's window closes and the client has to wait.
    func pauseReading() {
        guard !isReadingPaused else { return }
        isReadingPaused = true
        updateInterest()
    }

    /// Goes on with what was left over, then with the socket.
    func resumeReading() {
        guard isReadingPaused, case .open = state else { return }
        isReadingPaused = false
        updateInterest()
        consumePartial()
    }

    // MARK: Writing

    /// Queues bytes that other connections share; they leave at the end of the turn.
    func send(_ chunk: Chunk) {
        guard case .open = state else { return }
        output.append(chunk)
        markDirty()
    }

    /// Queues bytes for this connection alone.
    func send(_ bytes: [UInt8]) {
        send(Chunk(bytes))
    }

    private func markDirty() {
        guard !isDirty else { return }
        isDirty = true
        owner.markDirty(self)
    }

    /// Writes what waits; once per turn, and when the socket has room again.
    func flush() {
        isDirty = false
        guard !isClosed, !isBlocked else { return }
        if !output.isEmpty {
            owner.writeCount += 1
            switch output.write(to: descriptor, through: tls) {
            case .count:
                lastSent = owner.loop.now
                blockedSince = nil
            case .wouldBlock, .wantsWrite: break
            case .failed: return close()
            }
        }
        if output.isEmpty {
            blockedSince = nil
            updateInterest()
            if case .finishing = state { return shutDown() }
            peer?.outputDrained()
        } else {
            block()
        }
    }

    /// Has the connection looked at each second for as long as its client takes nothing.
    private func watch() {
        guard !isWatched else { return }
        isWatched = true
        owner.wheel.move(self, to: owner.loop.now + 1_000)
    }

    private var interest: ReadyEvents = .readable

    private func updateInterest() {
        var wanted: ReadyEvents = isReadingPaused || isReadBlocked || isAtEnd ? [] : .readable
        if isBlocked { wanted.insert(.writable) }
        guard wanted != interest, let registration else { return }
        interest = wanted
        owner.loop.update(registration, wanted)
    }

    // MARK: Closing

    /// Lets everything queued leave, then closes; what the client still sends is read and dropped.
    func finish() {
        guard case .open = state else { return }
        // Before its greeting is over nothing can leave.
        guard greeting == nil else { return close("closed") }
        state = .finishing
        isReadingPaused = false
        partial = []
        understood = 0
        markDirty()
        let old = peer
        peer = nil
        old?.transportClosed("closed")
    }

    private func shutDown() {
        state = .lingering(deadline: owner.loop.now + Self.lingerMilliseconds)
        tls?.close()
        _ = shutdown(descriptor, Int32(SHUT_WR))
        // A client that has ended its side, too, has nothing more to close.
        if isAtEnd { return close() }
        owner.wheel.move(self, to: owner.loop.now + Self.lingerMilliseconds)
    }

    /// Closes at once; what is queued is lost. The peer is told why.
    func close(_ reason: String = "connection lost") {
        guard !isClosed else { return }
        state = .closed
        if let registration { owner.loop.deregister(registration) }
        registration = nil
        SystemCall.close(descriptor)
        descriptor = -1
        output.clear()
        partial = []
        understood = 0
        let old = peer
        peer = nil
        owner.remove(self)
        old?.transportClosed(reason)
    }

    /// Judges the connection at `time` (monotonic ms), or a little later, instead of when it was due.
    func lookAgain(at time: Int64) {
        owner.wheel.move(self, to: time)
    }

    /// Judges the connection by the clock; returns when to look again (monotonic ms), nil when it is closed.
    func checkLiveness(_ now: Int64) -> Int64? {
        isWatched = stalledSince != nil
        switch state {
        case .closed: return nil
        case .lingering(let deadline):
            if now >= deadline {
                close()
                return nil
            }
            return deadline
        case .finishing:
            if let since = stalledSince, now - since >= owner.stalledTimeout {
                close()
                return nil
            }
            return now + 1_000
        case .open:
            if let since = stalledSince, now - since >= owner.stalledTimeout {
                owner.stalled()
                close("the client takes nothing")
                return nil
            }
            guard let peer else { return now + 1_000 }
            let next = peer.checkLiveness(now)
            guard !isClosed else { return nil }
            return stalledSince == nil ? next : min(next, now + 1_000)
        }
    }
}
