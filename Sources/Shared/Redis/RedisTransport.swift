internal import CLinux
internal import Glibc

/// One connection to Redis at a time: connects, signs in, moves bytes, and connects again with jittered back-off.
///
/// Confined to its loop. What replies mean is the owner's business.
final class RedisTransport: EventHandler {
    /// Waits between attempts double from the first to the last bound, and each is drawn between half and the whole.
    private static let firstBackoff: Int64 = 50
    private static let lastBackoff: Int64 = 2_000
    /// So many bytes are kept of an output buffer that is empty, and of what has left.
    private static let keptOutput = 256 * 1024

    private enum State {
        case idle
        case connecting
        case securing
        case signingIn(repliesLeft: Int)
        case ready
    }

    let loop: EventLoop
    private let endpoint: RedisEndpoint
    private let name: String
    private let timeout: Int64
    private var state = State.idle
    private var descriptor: Int32 = -1
    private var tls: TLSStream?
    /// Whom to trust, read once.
    private var authorities: TLSContext?
    private var registration: Registration?
    private var reader = RESPReader()
    private var output: [UInt8] = []
    private var sent = 0
    /// Whether the socket is full, and its becoming writable is waited for.
    private var isBlocked = false
    private var attempts = 0
    /// Counts the connections, whatever became of them: what was begun for one is nothing to another.
    private var generation = 0
    private var attemptTimer: TimerID?
    private var isStopped = false

    var onReady: () -> Void = {}
    var onReply: (RedisReply) -> Void = { _ in }
    var onLost: (RedisError) -> Void = { _ in }

    /// `timeout` in milliseconds bounds connecting and signing in.
    init(_ endpoint: RedisEndpoint, name: String, timeout: Int64, on loop: EventLoop) {
        self.endpoint = endpoint
        self.name = name
        self.timeout = timeout
        self.loop = loop
        loop.atEndOfTurn(.flush) { [weak self] in self?.flush() }
    }

    var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    func start() {
        loop.spawn { await self.connect() }
    }

    func stop() {
        isStopped = true
        close(.notConnected)
    }

    /// Queues a command for the end of this turn.
    func write(_ command: RedisCommand) {
        command.append(to: &output)
    }

    /// Ends the present connection; the next attempt follows by itself.
    func close(_ reason: RedisError) {
        if let attemptTimer { loop.cancel(attemptTimer) }
        attemptTimer = nil
        if let registration { loop.deregister(registration) }
        registration = nil
        tls = nil
        if descriptor >= 0 { SystemCall.close(descriptor) }
        descriptor = -1
        output = []
        sent = 0
        isBlocked = false
        reader = RESPReader()
        let wasIdle = if case .idle = state { true } else { false }
        state = .idle
        generation += 1
        guard !wasIdle else { return }
        onLost(reason)
        guard !isStopped else { return }
        let bound = min(Self.lastBackoff, Self.firstBackoff << Int64(min(attempts, 10)))
        attempts += 1
        loop.schedule(after: Int64.random(in: bound / 2...bound)) { [weak self] in self?.start() }
    }

    private func connect() async {
        guard !isStopped, case .idle = state else { return }
        state = .connecting
        attemptTimer = loop.schedule(after: timeout) { [weak self] in self?.close(.timeout) }
        let begun = generation
        let addresses = await Resolver.resolve(endpoint.host, port: endpoint.port, on: loop)
        // A name that took longer than the deadline is the next attempt's to use.
        guard case .connecting = state, begun == generation else { return }
        guard !addresses.isEmpty else { return close(.connectionLost("\(endpoint.host) has no address")) }
        do {
            // Each attempt that fails moves on to the next address; one that leads somewhere begins at the first again.
            descriptor = try Socket.connect(to: addresses[attempts % addresses.count])
            registration = try loop.register(descriptor, .writable, self)
        } catch {
            close(.connectionLost(error.description))
        }
    }

    func ready(_ events: ReadyEvents) {
        if case .connecting = state { return finishConnecting() }
        if case .securing = state { return secure() }
        if !events.isDisjoint(with: [.readable, .hangup, .error]) { receive() }
        // What came in may have ended the connection.
        if events.contains(.writable), isBlocked, let registration {
            isBlocked = false
            loop.update(registration, .readable)
            flush()
        }
    }

    private func finishConnecting() {
        let error = Socket.connectError(descriptor)
        guard error == 0 else { return close(.connectionLost(String(cString: strerror(error)))) }
        guard endpoint.isSecure else { return signIn() }
        do throws(TLSError) {
            if authorities == nil { authorities = try .client(authoritiesFile: endpoint.authoritiesFile) }
            tls = try authorities.map { context throws(TLSError) in
                try TLSStream(client: context, descriptor, host: endpoint.host)
            }
        } catch {
            return close(.connectionLost(error.description))
        }
        state = .securing
        secure()
    }

    private func secure() {
        guard let tls, let registration else { return }
        switch tls.handshake() {
        case .done: signIn()
        case .wouldBlock(let wantsWrite): loop.update(registration, wantsWrite ? [.readable, .writable] : .readable)
        case .failed(let reason): close(.connectionLost(reason))
        }
    }

    private func signIn() {
        guard let registration else { return }
        loop.update(registration, .readable)
        var commands: [RedisCommand] = []
        if let password = endpoint.password {
            var command = RedisCommand("AUTH")
            if let user = endpoint.user { command.add(user) }
            command.add(password)
            commands.append(command)
        }
        if endpoint.database != 0 { commands.append(RedisCommand("SELECT", String(endpoint.database))) }
        commands.append(RedisCommand("CLIENT", "SETNAME", name))
        state = .signingIn(repliesLeft: commands.count)
        for command in commands { write(command) }
    }

    private func receive() {
        var budget = 16
        while descriptor >= 0 && budget > 0 {
            budget -= 1
            switch tls?.receive(into: &loop.scratch) ?? SystemCall.receive(descriptor, into: &loop.scratch) {
            case .count(0): return close(.connectionLost(isReady ? "closed by Redis" : "closed before it answered"))
            case .count(let count):
                reader.feed(loop.scratch, count: count)
                handleReplies()
                // Of TLS each record comes by itself.
                if count < loop.scratch.count, tls == nil { return }
            case .wouldBlock: return
            case .wantsWrite: return close(.connectionLost("TLS keys are renewed while nothing is taken"))
            case .failed(let number): return close(.connectionLost(String(cString: strerror(number))))
            }
        }
    }

    private func handleReplies() {
        do {
            while descriptor >= 0, let reply = try reader.next() { handle(reply) }
        } catch {
            close(error)
        }
    }

    private func handle(_ reply: RedisReply) {
        guard case .signingIn(let left) = state else { return onReply(reply) }
        if case .error(let text) = reply { return close(.refused(text)) }
        state = .signingIn(repliesLeft: left - 1)
        guard left == 1 else { return }
        state = .ready
        attempts = 0
        if let attemptTimer { loop.cancel(attemptTimer) }
        attemptTimer = nil
        onReady()
    }

    private func flush() {
        guard descriptor >= 0, !isBlocked, sent < output.count, let registration else { return }
        switch state {
        case .idle, .connecting, .securing: return
        case .signingIn, .ready: break
        }
        while sent < output.count {
            switch tls?.send(output, from: sent) ?? SystemCall.send(descriptor, output, from: sent) {
            case .count(let count): sent += count
            case .wouldBlock, .wantsWrite:
                isBlocked = true
                dropSent()
                return loop.update(registration, [.readable, .writable])
            case .failed(let number): return close(.connectionLost(String(cString: strerror(number))))
            }
        }
        output.removeAll(keepingCapacity: output.count <= Self.keptOutput)
        sent = 0
    }

    /// What has left isn't kept until everything has: under steady load that would never be.
    private func dropSent() {
        guard sent > Self.keptOutput, sent > output.count / 2 else { return }
        output.removeFirst(sent)
        sent = 0
    }
}
