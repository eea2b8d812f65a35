internal import CPostgres
internal import Glibc

/// One connection, in pipeline mode: queries leave at once, their results come in order.
///
/// Confined to its loop. PostgreSQL ends what takes longer than the deadlines allow. Where it doesn't answer even then, the
/// connection is closed, all queries under way fail, and the server is told to stop working on them.
public final class PostgresConnection: EventHandler {
    private struct Pending {
        let deadline: Int64
        /// The statement that is prepared with this query, until the server has it; forgotten when it refuses it.
        var newStatement: String?
        let completion: (Result<PostgresResult, PostgresError>) -> Void
    }

    enum State {
        case connecting(CheckedContinuation<PostgresError?, Never>)
        case ready
        case closed
    }

    /// So many statements are kept prepared.
    private static let maximumStatements = 256

    let loop: EventLoop
    /// When its pool shall do without it.
    var endsAt: Int64 = .max
    let deadlines: PostgresDeadlines
    let connectTimeout: Int64
    var connection: OpaquePointer?
    private var registration: Registration?
    /// The watched duplicate of libpq's socket.
    private var descriptor: Int32 = -1
    var state = State.closed
    private var pending = Queue<Pending>()
    /// What has come of the oldest query.
    private var outcome: Result<PostgresResult, PostgresError> = .failure(.unexpectedReply("no result"))
    private var statements: [String: String] = [:]
    private var lastStatement = 0
    var timer: TimerID?
    private var isBlocked = false
    /// Called once when the connection has ended.
    var onClosed: () -> Void = {}
    /// Told with each answer how long it took in nanoseconds.
    var answered: (Int64) -> Void = { _ in }

    /// `connectTimeout` in milliseconds is for finding a server and signing in.
    init(_ deadlines: PostgresDeadlines, connectTimeout: Int64, on loop: EventLoop) {
        self.deadlines = deadlines
        self.connectTimeout = connectTimeout
        self.loop = loop
    }

    deinit {
        if let connection { PQfinish(connection) }
    }

    var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    /// Watches a duplicate of libpq's socket, anew for each step of connecting: libpq may change its socket while it
    /// connects, and closes it by itself when it finds the connection gone.
    func watch(_ interest: ReadyEvents) {
        guard let connection else { return }
        let duplicate = fcntl(PQsocket(connection), F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { return close(.connectionLost("no descriptor is left")) }
        descriptor = duplicate
        do throws(SystemError) {
            registration = try loop.register(duplicate, interest, self)
        } catch {
            SystemCall.close(duplicate)
            close(.connectionLost(error.description))
        }
    }

    func unwatch() {
        guard let registration else { return }
        loop.deregister(registration)
        SystemCall.close(descriptor)
        self.registration = nil
    }

    // MARK: Queries

    /// Runs a query; each distinct text is prepared once per connection. `$1` and so on are the parameters.
    public func query(
        _ sql: String, _ parameters: [PostgresValue] = []
    ) async throws(PostgresError) -> PostgresResult {
        let asked = loop.turnStart
        let result: Result<PostgresResult, PostgresError> = await withCheckedContinuation { continuation in
            send(sql, parameters) { continuation.resume(returning: $0) }
        }
        answered(loop.turnStart - asked)
        return try result.get()
    }

    private func send(
        _ sql: String, _ parameters: [PostgresValue],
        _ completion: @escaping (Result<PostgresResult, PostgresError>) -> Void
    ) {
        guard case .ready = state, let connection else { return completion(.failure(.notConnected)) }
        let types = parameters.map(\.type)
        let key = types.map(String.init).joined(separator: ",") + ":" + sql
        let isNew = statements[key] == nil
        guard let name = prepare(key, sql, types, connection), execute(name, parameters, connection),
            PQpipelineSync(connection) == 1
        else {
            let reason = message()
            completion(.failure(.connectionLost(reason)))
            return close(.connectionLost(reason))
        }
        pending.append(
            Pending(
                deadline: loop.now + deadlines.patience, newStatement: isNew ? key : nil, completion: completion))
        if timer == nil { watchOldest() }
        flush()
    }

    /// The name of the prepared statement, which is on its way if it is new.
    private func prepare(_ key: String, _ sql: String, _ types: [UInt32], _ connection: OpaquePointer) -> String? {
        if let known = statements[key] { return known }
        // A statement beyond the bound is unnamed: prepared for this time only.
        let isKept = statements.count < Self.maximumStatements
        lastStatement += 1
        let name = isKept ? "s\(lastStatement)" : ""
        guard PQsendPrepare(connection, name, sql, Int32(types.count), types) == 1 else { return nil }
        if isKept { statements[key] = name }
        return name
    }

    private func execute(_ name: String, _ parameters: [PostgresValue], _ connection: OpaquePointer) -> Bool {
        let encoded = parameters.map(\.encoded)
        var storage: [UInt8] = []
        storage.reserveCapacity(encoded.reduce(1) { $0 + ($1?.count ?? 0) })
        for value in encoded { if let value { storage += value } }
        // An empty array has no address to point into.
        storage.append(0)
        return storage.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return false }
            var offset = 0
            var values: [UnsafePointer<CChar>?] = []
            for value in encoded {
                values.append(value == nil ? nil : base + offset)
                offset += value?.count ?? 0
            }
            let lengths = encoded.map { Int32($0?.count ?? 0) }
            let formats = [Int32](repeating: 1, count: encoded.count)
            return PQsendQueryPrepared(connection, name, Int32(encoded.count), values, lengths, formats, 1) == 1
        }
    }

    /// Whether a query of the transaction under way has failed, so that COMMIT would undo it without a word.
    var isTransactionFailed: Bool { PQtransactionStatus(connection) == PQTRANS_INERROR }

    // MARK: Results

    /// Moves what libpq has to read or to write.
    public func ready(_ events: ReadyEvents) {
        if case .connecting(let continuation) = state { return continueConnecting(continuation) }
        if events.contains(.writable) { flush() }
        // Each step may end the connection, or somebody whom a result was given; what libpq has freed isn't looked at.
        guard !events.isDisjoint(with: [.readable, .hangup, .error]), let connection else { return }
        guard PQconsumeInput(connection) == 1 else { return close(.connectionLost(message())) }
        takeResults()
        if let connection = self.connection, PQstatus(connection) == CONNECTION_BAD {
            close(.connectionLost(message()))
        }
    }

    private func takeResults() {
        var emptySteps = 0
        // Results of one query are ended by a nil; several in a row mean that nothing has come.
        while let connection, !pending.isEmpty, emptySteps < 3, PQisBusy(connection) == 0 {
            guard let result = PQgetResult(connection) else {
                emptySteps += 1
                continue
            }
            emptySteps = 0
            take(result)
            PQclear(result)
        }
    }

    private func take(_ result: OpaquePointer) {
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK: succeed(Self.rows(of: result))
        case PGRES_COMMAND_OK where pending.first?.newStatement != nil:
            // The answer to PREPARE comes before the query's own. From here on the statement is known, whatever
            // becomes of this execution.
            pending[0].newStatement = nil
        case PGRES_COMMAND_OK:
            let affected = PQcmdTuples(result).map { Int(String(cString: $0)) ?? 0 } ?? 0
            succeed(PostgresResult(rows: [], affectedRows: affected))
        case PGRES_PIPELINE_SYNC:
            guard let done = pending.popFirst() else { return }
            if let key = done.newStatement { statements[key] = nil }
            let ended = outcome
            outcome = .failure(.unexpectedReply("no result"))
            done.completion(ended)
        case PGRES_PIPELINE_ABORTED: break
        default: outcome = .failure(Self.error(of: result))
        }
    }

    /// What fails stays failed, whatever else the same query brings.
    private func succeed(_ result: PostgresResult) {
        if case .failure(.refused) = outcome { return }
        outcome = .success(result)
    }

    private static func rows(of result: OpaquePointer) -> PostgresResult {
        let columns = PQnfields(result)
        let types = (0..<columns).map { PQftype(result, $0) }
        let rows = (0..<PQntuples(result)).map { row in
            let values: [[UInt8]?] = (0..<columns).map { column in
                guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else {
                    return nil
                }
                return Array(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(result, row, column))))
            }
            return PostgresRow(types: types, values: values)
        }
        return PostgresResult(rows: rows, affectedRows: rows.count)
    }

    private static func error(of result: OpaquePointer) -> PostgresError {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        return .refused(
            state: field("C") ?? "", message: field("M") ?? "no message", constraint: field("n"))
    }

    // MARK: Writing and ending

    private func flush() {
        guard let connection, let registration else { return }
        switch PQflush(connection) {
        case 0:
            if isBlocked { loop.update(registration, .readable) }
            isBlocked = false
        case 1:
            if !isBlocked { loop.update(registration, [.readable, .writable]) }
            isBlocked = true
        default: close(.connectionLost(message()))
        }
    }

    private func watchOldest() {
        guard let oldest = pending.first, deadlines.patience > 0 else {
            timer = nil
            return
        }
        timer = loop.schedule(after: max(1, oldest.deadline - loop.now)) { [weak self] in
            guard let self else { return }
            if let first = pending.first, first.deadline <= loop.now { return close(.timeout) }
            watchOldest()
        }
    }

    func message() -> String {
        guard let text = PQerrorMessage(connection) else { return "unknown" }
        let line = String(cString: text).split(separator: "\n").joined(separator: "; ")
        return line.isEmpty ? "closed by the server" : line
    }

    /// Ends the connection; queries under way fail.
    func close(_ reason: PostgresError) {
        let old = state
        state = .closed
        if let timer { loop.cancel(timer) }
        timer = nil
        unwatch()
        if let connection {
            // Nobody waits any more: without this the backend would go on working, and hold or wait for its locks.
            if reason == .timeout, !pending.isEmpty { PostgresCancellation.send(connection) }
            PQfinish(connection)
        }
        connection = nil
        for query in pending.removeAll() { query.completion(.failure(reason)) }
        switch old {
        case .connecting(let continuation): continuation.resume(returning: reason)
        case .ready: onClosed()
        case .closed: break
        }
    }
}
