internal import CPostgres

extension PostgresConnection {
    /// An attempt has so many milliseconds at least, however many addresses there are.
    private static let shortestAttempt: Int64 = 250

    /// Connects to the first server that can be reached, beginning with the one of this number; returns the number of the
    /// one that it is.
    func open(_ endpoint: PostgresEndpoint, first: Int) async throws(PostgresError) -> Int {
        var failure = PostgresError.notConnected
        let count = endpoint.servers.count
        for number in (0..<count).map({ (first + $0) % count }) {
            let server = endpoint.servers[number]
            let addresses = await addresses(of: server)
            if addresses.isEmpty, let name = server.name { failure = .connectionLost("\(name) has no address") }
            let timeout = connectTimeout / Int64(count * max(1, addresses.count))
            for address in addresses {
                guard let error = await attempt(endpoint, address, max(Self.shortestAttempt, timeout)) else {
                    return number
                }
                failure = error
            }
        }
        throw failure
    }

    /// The same server once for each address of its name. Who resolves names may be silent for half a minute.
    private func addresses(of server: PostgresEndpoint.Server) async -> [PostgresEndpoint.Server] {
        guard let name = server.name else { return [server] }
        let found: [SocketAddress] = await withCheckedContinuation { continuation in
            var waiting: CheckedContinuation<[SocketAddress], Never>? = continuation
            func finish(_ addresses: [SocketAddress]) {
                waiting?.resume(returning: addresses)
                waiting = nil
            }
            let timer = loop.schedule(after: connectTimeout) { finish([]) }
            loop.spawn {
                finish(await Resolver.resolve(name, port: 0, on: self.loop))
                self.loop.cancel(timer)
            }
        }
        return found.map { address in
            var server = server
            server.address = address.host
            return server
        }
    }

    private func attempt(
        _ endpoint: PostgresEndpoint, _ server: PostgresEndpoint.Server, _ timeout: Int64
    ) async -> PostgresError? {
        await withCheckedContinuation { continuation in
            state = .connecting(continuation)
            timer = loop.schedule(after: timeout) { [weak self] in
                guard let self else { return }
                close(.connectionLost(overdue(timeout)))
            }
            guard let connection = endpoint.start(server, deadlines) else {
                return close(.connectionLost("out of memory"))
            }
            self.connection = connection
            // Its notices would go to standard error, between the lines of the log.
            PQsetNoticeProcessor(connection, { _, _ in }, nil)
            guard PQstatus(connection) != CONNECTION_BAD else { return close(.connectionLost(message())) }
            watch(.writable)
        }
    }

    /// How far an attempt has come that took too long.
    private func overdue(_ timeout: Int64) -> String {
        let isUnreached = connection == nil || PQstatus(connection) == CONNECTION_STARTED
        return isUnreached
            ? "no connection within \(timeout) ms" : "it takes the connection, but says nothing for \(timeout) ms"
    }

    func continueConnecting(_ continuation: CheckedContinuation<PostgresError?, Never>) {
        guard let connection else { return }
        unwatch()
        switch PQconnectPoll(connection) {
        case PGRES_POLLING_READING: watch(.readable)
        case PGRES_POLLING_WRITING: watch(.writable)
        case PGRES_POLLING_OK:
            if let timer { loop.cancel(timer) }
            timer = nil
            guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else {
                return close(.connectionLost(message()))
            }
            state = .ready
            watch(.readable)
            continuation.resume(returning: isReady ? nil : .connectionLost("it can't be watched"))
        default: close(.connectionLost(message()))
        }
    }
}
