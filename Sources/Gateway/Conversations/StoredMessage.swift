internal import Shared

/// A message as PostgreSQL has it.
struct StoredMessage {
    /// The columns that `init` reads, in its order.
    static let columns = """
        id, last_event_id, previous_event_id, sender_id, sender_type, message_type, content, client_message_id,
        file, created_at, edited_at, is_deleted
        """

    let conversation: UUID
    let id: EventID
    let eventID: EventID
    let previousEventID: EventID
    /// The JSON as the accept script would have written it.
    let json: [UInt8]
    let kind: EventKind

    init?(_ row: PostgresRow, _ conversation: UUID) {
        guard let id = row.eventID(0), let eventID = row.eventID(1), let previousEventID = row.eventID(2),
            let sender = row.uuid(3), let senderType = row.text(4), let messageType = row.text(5),
            let content = row.text(6), let clientMessageID = row.text(7), let createdAt = row.milliseconds(9)
        else { return nil }
        self.conversation = conversation
        self.id = id
        self.eventID = eventID
        self.previousEventID = previousEventID
        let isDeleted = row.bool(11) ?? false
        kind = isDeleted ? .deleted : eventID == id ? .message : .edited
        var json = Array("{".utf8)
        json.append(contentsOf: #""id":\#(id),"eventId":\#(eventID),"previousEventId":\#(previousEventID),"#.utf8)
        json.append(contentsOf: #""createdAt":""#.utf8)
        RFC3339.append(milliseconds: createdAt, to: &json)
        json.append(contentsOf: #"","#.utf8)
        MessageJSON.appendTail(
            MessageJSON(
                conversation: conversation, sender: sender, senderType: senderType, messageType: messageType,
                content: content, clientMessageID: clientMessageID, file: row.bytes(8),
                editedAt: row.milliseconds(10), isDeleted: isDeleted), to: &json)
        self.json = json
    }

    /// The event that brought the message into its present state.
    func event(recipients: [UUID]) -> Event? {
        let users = recipients.isEmpty ? "-" : recipients.map(\.description).joined(separator: ",")
        let line = "1 \(kind.rawValue) \(eventID) \(previousEventID) 0 \(conversation) \(users)\n"
        return Event(Array(line.utf8) + json)
    }
}

/// Pages that are bounded by bytes.
extension StoredMessage {
    /// Where a query for a page tells the bytes of the contents up to a row: behind the columns.
    private static let bytesColumn = 12

    /// A query for the messages `m` of a condition, in an order: so many at most, and none behind the one with which their
    /// contents reach so many bytes. `limit` and `bytes` name parameters.
    static func pageQuery(where condition: String, by order: String, limit: String, bytes: String) -> String {
        """
        select \(columns), bytes from (
            select *, sum(octet_length(content)) over (order by \(order)) as bytes from (
                select * from messages m where \(condition) order by \(order) limit \(limit)) as page) as measured
        where bytes - octet_length(content) < \(bytes)
        order by \(order)
        """
    }

    /// Whether the contents of such a page reach so many bytes.
    static func reaches(_ bytes: Int, _ page: [PostgresRow]) -> Bool {
        page.last?.integer(bytesColumn) ?? 0 >= Int64(bytes)
    }
}
