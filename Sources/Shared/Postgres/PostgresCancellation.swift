internal import CPostgres

/// Tells PostgreSQL that nobody waits for what a connection is doing.
enum PostgresCancellation {
    /// What libpq needs for it: a copy of the server's address and of the backend's secret.
    ///
    /// Unchecked because it is made on one thread, used and freed on another, and never by two at once.
    private struct Request: @unchecked Sendable {
        let pointer: OpaquePointer
    }

    /// Cancels the statement of a connection that is about to be closed. libpq connects for this, and blocks meanwhile; where
    /// the server can't be reached, its own deadlines are left.
    static func send(_ connection: OpaquePointer) {
        guard let pointer = PQgetCancel(connection) else { return }
        let request = Request(pointer: pointer)
        BlockingPool.cancellations.run {
            var reason = [CChar](repeating: 0, count: 256)
            PQcancel(request.pointer, &reason, Int32(reason.count))
            PQfreeCancel(request.pointer)
        } whenFull: {
            PQfreeCancel(request.pointer)
        }
    }
}
