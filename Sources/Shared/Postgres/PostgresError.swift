/// Why a query has no result.
public enum PostgresError: Error, Equatable, CustomStringConvertible {
    /// There is no connection; the query wasn't sent.
    case notConnected
    /// No connection can be opened, for this reason; the query wasn't sent.
    case unreachable(String)
    /// The connection ended while the query was under way: whether it took effect is unknown.
    case connectionLost(String)
    /// No result within the deadline: whether the query took effect is unknown.
    case timeout
    /// Too many callers wait for a connection, or one came free too late; the query wasn't sent.
    case busy
    /// PostgreSQL refused the query.
    case refused(state: String, message: String, constraint: String?)
    /// The body of a transaction undid it.
    case rolledBack
    /// The result has another shape than the query says.
    case unexpectedReply(String)

    /// Whether the query may have taken effect.
    public var isOutcomeUnknown: Bool {
        switch self {
        case .connectionLost, .timeout: true
        case .notConnected, .unreachable, .busy, .refused, .rolledBack, .unexpectedReply: false
        }
    }

    /// Whether the same query may succeed later, since the trouble isn't the query's (appendix A of PostgreSQL's
    /// manual: connection exceptions, serialisation failures, deadlocks, resources, interventions, system errors).
    public var isTransient: Bool {
        if isAboutConnection { return true }
        guard case .refused(let state, _, _) = self else { return false }
        return ["40001", "40P01", "55P03", "25006"].contains(state)
            || ["08", "53", "57", "58"].contains { state.hasPrefix($0) }
    }

    /// Whether PostgreSQL couldn't be reached from here, or didn't answer in time.
    public var isAboutConnection: Bool {
        switch self {
        case .notConnected, .unreachable, .connectionLost, .timeout, .busy: true
        case .refused, .rolledBack, .unexpectedReply: false
        }
    }

    /// Whether somebody else held what the query needed, or would have waited for it.
    var isAboutLocks: Bool {
        guard case .refused(let state, _, _) = self else { return false }
        return ["55P03", "40P01"].contains(state)
    }

    /// Whether a unique index has refused a row.
    public var isUniqueViolation: Bool {
        if case .refused("23505", _, _) = self { true } else { false }
    }

    /// Whether the parameters' values are to blame, so that the same query never succeeds with them, whatever an
    /// operator does: data exceptions, constraints, limits such as the size of an index row (classes 22, 23 and 54).
    public var isAboutValues: Bool {
        guard case .refused(let state, _, _) = self else { return false }
        return ["22", "23", "54"].contains { state.hasPrefix($0) }
    }

    /// A sentence for logs; it never holds a parameter's value.
    public var description: String {
        switch self {
        case .notConnected: "not connected to PostgreSQL"
        case .unreachable(let reason): "PostgreSQL can't be reached: \(reason)"
        case .connectionLost(let reason): "connection to PostgreSQL lost: \(reason)"
        case .timeout: "no result from PostgreSQL in time"
        case .busy: "too many queries wait"
        case .refused(let state, let message, _): "PostgreSQL \(state): \(message)"
        case .rolledBack: "rolled back"
        case .unexpectedReply(let text): "unexpected result: \(text)"
        }
    }
}
