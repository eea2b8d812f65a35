/// What a connection is for.
public enum PostgresPurpose: Sendable {
    /// What somebody waits for: histories, lists, files, batches of messages.
    case query
    /// What must not starve: cold conversations, changes of members, keys, cursors. It gives up sooner on a row that
    /// somebody else holds, so that one such row doesn't take all connections.
    case load
    /// Work in the background over many rows, which may take long.
    case sweep
    /// A change of tables: it waits for its locks only shortly, since whoever comes behind it waits as well, and then for as
    /// long as it takes.
    case migration
    /// An index that is built beside the work of others: it waits for transactions of any length.
    case index
}

/// How long a connection's work may take, in milliseconds: by PostgreSQL's clock, which ends what has become useless to whoever
/// asked, and, should it not answer at all, by ours. 0 is no bound.
struct PostgresDeadlines: Equatable {
    let statement: Int64
    /// Waiting for one lock.
    let lock: Int64
    /// Between two statements of a transaction: its locks are held meanwhile.
    let idleInTransaction: Int64
    /// By our clock: later than the server's, which ends the statement and keeps the connection.
    let patience: Int64

    /// The server is asked whether the client is still there so often while it works; each time is one system call.
    private static let clientCheck: Int64 = 2_000
    /// Seconds after which a peer that says nothing is asked, between two more questions, and how often: a machine that has
    /// vanished is noticed after 25 s, by both sides.
    private static let keepalive: (idle: Int, interval: Int, count: Int) = (10, 5, 3)
    /// How long sent bytes may stay unacknowledged, in milliseconds.
    private static let unacknowledged = 25_000
    /// A sweep has so many times as long as a query, a minute at least.
    private static let sweepFactor: Int64 = 10
    private static let shortestSweep: Int64 = 60_000
    /// A transaction may wait for a call of Redis.
    private static let shortestIdle: Int64 = 10_000
    private static let migrationLock: Int64 = 2_000

    /// `timeout` is `PARLEY_DATABASE_TIMEOUT`.
    init(_ purpose: PostgresPurpose, timeout: Int64) {
        switch purpose {
        case .query: self.init(statement: timeout, lock: timeout * 4 / 5)
        case .load: self.init(statement: timeout, lock: timeout / 2)
        case .sweep:
            let long = max(Self.shortestSweep, Self.sweepFactor * timeout)
            self.init(statement: long, lock: timeout)
        case .migration: self.init(statement: 0, lock: Self.migrationLock)
        case .index: self.init(statement: 0, lock: 0)
        }
    }

    private init(statement: Int64, lock: Int64) {
        self.statement = statement
        self.lock = statement == 0 ? lock : max(1, lock)
        idleInTransaction = statement == 0 ? 0 : max(Self.shortestIdle, 2 * statement)
        patience = statement == 0 ? 0 : statement + max(500, statement / 4)
    }

    /// For `options` of the connection: settings that any role may change.
    ///
    /// `synchronous_commit` is among them: what PostgreSQL alone knows is on its disk, and on the standby where
    /// `synchronous_standby_names` wants one, before anybody is told that it is done, whatever the server's default is.
    var options: String {
        [
            "statement_timeout=\(statement)", "lock_timeout=\(lock)",
            "idle_in_transaction_session_timeout=\(idleInTransaction)",
            "client_connection_check_interval=\(Self.clientCheck)",
            "tcp_keepalives_idle=\(Self.keepalive.idle)", "tcp_keepalives_interval=\(Self.keepalive.interval)",
            "tcp_keepalives_count=\(Self.keepalive.count)", "tcp_user_timeout=\(Self.unacknowledged)",
            "synchronous_commit=on",
        ].map { "-c \($0)" }.joined(separator: " ")
    }

    /// libpq's own parameters: the same for our side of the socket.
    static let parameters = [
        "keepalives": "1", "keepalives_idle": String(keepalive.idle), "keepalives_interval": String(keepalive.interval),
        "keepalives_count": String(keepalive.count), "tcp_user_timeout": String(unacknowledged),
    ]
}
