/// An index that is built beside the writes to its table: `create [unique] index concurrently name on table …`.
///
/// It can be broken off anywhere and be begun again. PostgreSQL leaves an invalid index where it was broken off; that is dropped
/// and made anew. A partitioned table can't have one in one step: each partition gets its own, and the table's index, which was
/// made empty, becomes valid when the last is attached to it.
struct ConcurrentIndex: Equatable {
    let name: String
    let table: String
    let isUnique: Bool
    /// What follows the table: `(columns) where …`.
    let definition: String

    /// Reads the statement; nil when it is another one.
    init?(_ statement: String) {
        var words = statement.split(maxSplits: 9, whereSeparator: \.isWhitespace)[...]
        func next(is word: String) -> Bool {
            guard words.first?.lowercased() == word else { return false }
            words.removeFirst()
            return true
        }
        guard next(is: "create") else { return nil }
        isUnique = next(is: "unique")
        guard next(is: "index"), next(is: "concurrently"), let name = words.popFirst(), next(is: "on"),
            let table = words.popFirst(), let definition = words.first, definition.hasPrefix("(")
        else { return nil }
        self.name = String(name)
        self.table = String(table)
        self.definition = String(statement[definition.startIndex...])
    }

    init(name: String, table: String, isUnique: Bool, definition: String) {
        self.name = name
        self.table = table
        self.isUnique = isUnique
        self.definition = definition
    }

    /// The same for a partition: `messages_files` is `messages_03_files` there.
    func on(_ partition: String) -> ConcurrentIndex {
        let end = name.hasPrefix(table + "_") ? String(name.dropFirst(table.count + 1)) : name
        return ConcurrentIndex(
            name: "\(partition)_\(end)", table: partition, isUnique: isUnique, definition: definition)
    }

    private var create: String { isUnique ? "create unique index" : "create index" }

    /// Builds what is missing. `patient` waits for other transactions, and for the work itself, as long as they take; `hasty` holds
    /// up others for a moment only, and is tried again.
    func build(_ patient: PostgresConnection, _ hasty: PostgresConnection) async throws(PostgresError) {
        let partitions = try await patient.query(
            """
            select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = to_regclass($1) order by 1
            """, [.text(table)]
        ).rows.compactMap { $0.text(0) }
        guard try await isValid(patient) != true else { return }
        guard !partitions.isEmpty else { return try await buildOne(patient) }
        try await Migrator.retrying(hasty.loop) { () throws(PostgresError) in
            _ = try await hasty.query("\(create) if not exists \(name) on only \(table) \(definition)")
        }
        for partition in partitions {
            let part = on(partition)
            try await part.buildOne(patient)
            try await Migrator.retrying(hasty.loop) { () throws(PostgresError) in
                _ = try await hasty.query("alter index \(name) attach partition \(part.name)")
            }
        }
        guard try await isValid(patient) == true else { throw .unexpectedReply("the index \(name) isn't valid") }
    }

    private func buildOne(_ patient: PostgresConnection) async throws(PostgresError) {
        switch try await isValid(patient) {
        case true: return
        case false: _ = try await patient.query("drop index concurrently if exists \(name)")
        case nil: break
        }
        _ = try await patient.query("\(create) concurrently \(name) on \(table) \(definition)")
    }

    /// Nil where there is no such index.
    private func isValid(_ connection: PostgresConnection) async throws(PostgresError) -> Bool? {
        try await connection.query(
            "select indisvalid from pg_index where indexrelid = to_regclass($1)", [.text(name)]
        ).rows.first?.bool(0)
    }
}
