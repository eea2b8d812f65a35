/// The names of log fields: one list, so that a thing has one name in every line.
public enum LogKey: String, Sendable, CaseIterable {
    /// Who writes: the node or persister, the loop, the release.
    case node, loop, version
    /// Which client: connection, session, user, their addresses, and what they present.
    case conn, session, user, address, peer, origin, agent, role
    /// Which protocol element.
    case event, command, destination, subscription, receipt, subprotocol, method, path, status
    /// Which conversation and what in it.
    case conversation, channel
    case messageID = "message_id"
    case eventID = "event_id"
    case previousEventID = "previous_event_id"
    case clientMessageID = "client_message_id"
    case file
    /// Where in Redis and PostgreSQL.
    case partition, entry, cursor, lag, owner, endpoint, script, migration
    /// Why, and with what outcome.
    case code, reason, error, signal, attempt, recovered, descriptor
    /// How much: durations in milliseconds, sizes in bytes.
    case count, bytes, limit, position, head
    case durationMS = "duration_ms"
    case retryMS = "retry_ms"
}
