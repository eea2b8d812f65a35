internal import Shared

/// Writes messages into PostgreSQL and accounts for every one of them.
///
/// Confined to its loop.
struct MessageWriter {
    /// What became of a batch.
    struct Outcome {
        /// What PostgreSQL refuses for good.
        var deadLetters: [DeadLetter]
        /// Whether PostgreSQL's positions were those that the batch begins at.
        var isInPlace: Bool
    }

    private let postgres: PostgresPool
    private let positions: PositionStore
    private let statements: Counter

    /// `statements` counts what is sent to PostgreSQL.
    init(_ postgres: PostgresPool, statements: Counter) {
        self.postgres = postgres
        positions = PositionStore(postgres)
        self.statements = statements
    }

    /// Writes all items and moves the positions behind them, by one statement where PostgreSQL takes it; throws where
    /// it may take them later.
    func write(
        _ items: [Batch.Item], _ moves: [StoredPositions.Move]
    ) async throws(PostgresError) -> Outcome {
        if !items.isEmpty, Batch.separate(items).contested.isEmpty {
            do throws(PostgresError) {
                return try await upsert(items, moves)
            } catch {
                guard error.isAboutValues else { throw error }
                let deadLetters =
                    error.isUniqueViolation ? try await writeCarefully(items) : try await write(items)
                return Outcome(deadLetters: deadLetters, isInPlace: try await move(moves))
            }
        }
        let deadLetters = try await write(items)
        // Behind all of them: a PostgreSQL that has kept this has kept what was committed before.
        return Outcome(deadLetters: deadLetters, isInPlace: try await move(moves))
    }

    private func move(_ moves: [StoredPositions.Move]) async throws(PostgresError) -> Bool {
        statements.increment()
        return try await positions.move(moves) == moves.count
    }

    private func upsert(
        _ items: [Batch.Item], _ moves: [StoredPositions.Move]
    ) async throws(PostgresError) -> Outcome {
        let states = Batch.newest(items[...])
        statements.increment()
        let counts = try await postgres.query(
            Self.upsertAndMove, Self.parameters(states) + PositionStore.parameters(moves)
        ).rows.first
        guard let written = counts?.integer(0), let moved = counts?.integer(1) else {
            throw .unexpectedReply("no counts")
        }
        return Outcome(
            deadLetters: written < Int64(states.count) ? try await account(for: items[...], states) : [],
            isInPlace: moved == Int64(moves.count))
    }

    /// Writes all items, and returns those that PostgreSQL refuses for good; throws where it may take them later.
    private func write(_ items: [Batch.Item]) async throws(PostgresError) -> [DeadLetter] {
        var deadLetters: [DeadLetter] = []
        var rest = items
        while !rest.isEmpty {
            let (together, contested) = Batch.separate(rest)
            deadLetters += try await write(together[...])
            rest = contested
        }
        return deadLetters
    }

    /// What is refused for other reasons than its values (a missing table, a lost permission) may be taken once an
    /// operator has seen to it: it waits, or every message would end as a dead letter.
    private func write(_ items: ArraySlice<Batch.Item>) async throws(PostgresError) -> [DeadLetter] {
        guard !items.isEmpty else { return [] }
        do throws(PostgresError) {
            return try await upsert(items, Self.plainUpsert)
        } catch {
            if error.isUniqueViolation { return try await writeCarefully(Array(items)) }
            guard error.isAboutValues else { throw error }
            guard items.count > 1 else { return Self.refused(items, error) }
            // One of them is to blame: halving finds it, and the others are written.
            let middle = items.startIndex + items.count / 2
            let first = try await write(items[..<middle])
            return first + (try await write(items[middle...]))
        }
    }

    /// Looks for earlier messages with the same client ids, which the unique index refuses: a look-up per row, and one
    /// statement for all of them. Those that repeat one another follow one by one, since a statement doesn't see its
    /// own rows.
    private func writeCarefully(_ items: [Batch.Item]) async throws(PostgresError) -> [DeadLetter] {
        var deadLetters: [DeadLetter] = []
        var rest = items
        while !rest.isEmpty {
            let (first, later) = Batch.separateRepeats(rest)
            deadLetters += try await writeCarefully(first[...])
            rest = later
        }
        return deadLetters
    }

    private func writeCarefully(_ items: ArraySlice<Batch.Item>) async throws(PostgresError) -> [DeadLetter] {
        do throws(PostgresError) {
            do throws(PostgresError) {
                return try await upsert(items, Self.carefulUpsert)
            } catch {
                // A persister that has lost its lease may just have written one of them.
                guard error.isUniqueViolation else { throw error }
                return try await upsert(items, Self.carefulUpsert)
            }
        } catch {
            guard error.isAboutValues else { throw error }
            guard items.count > 1 else { return Self.refused(items, error) }
            let middle = items.startIndex + items.count / 2
            let first = try await writeCarefully(items[..<middle])
            return first + (try await writeCarefully(items[middle...]))
        }
    }

    private static func refused(_ items: ArraySlice<Batch.Item>, _ error: PostgresError) -> [DeadLetter] {
        items.map { DeadLetter(entry: $0.entry, reason: error.description) }
    }

    /// One statement, which is a transaction of its own.
    private func upsert(_ items: ArraySlice<Batch.Item>, _ sql: String) async throws(PostgresError) -> [DeadLetter] {
        let states = Batch.newest(items)
        statements.increment()
        let written = try await postgres.query(sql, Self.parameters(states)).affectedRows
        guard written < states.count else { return [] }
        return try await account(for: items, states)
    }

    /// What wasn't inserted or applied must be there already, in this state or a newer one, as the same message.
    private func account(
        for items: ArraySlice<Batch.Item>, _ states: [MessageState]
    ) async throws(PostgresError) -> [DeadLetter] {
        statements.increment()
        let rows = try await postgres.query(
            """
            select m.conversation_id, m.id, m.sender_id, m.client_message_id, m.last_event_id
            from unnest($1::uuid[], $2::bigint[]) as e (conversation_id, id)
            join messages m using (conversation_id, id)
            """, [.uuids(states.map(\.conversation)), .ids(states.map(\.id))]
        ).rows
        var found: [Batch.Key: PostgresRow] = [:]
        for row in rows {
            guard let conversation = row.uuid(0), let id = row.eventID(1) else { continue }
            found[Batch.Key(conversation: conversation, id: id)] = row
        }
        var deadLetters: [DeadLetter] = []
        for item in items {
            let state = item.state
            let row = found[Batch.Key(conversation: state.conversation, id: state.id)]
            guard let row, row.uuid(2) == state.sender, row.text(3) == state.clientMessageID,
                (row.eventID(4) ?? .zero) >= state.eventID
            else {
                deadLetters.append(DeadLetter(entry: item.entry, reason: "its id is held by another message"))
                continue
            }
        }
        return deadLetters
    }

    private static func parameters(_ states: [MessageState]) -> [PostgresValue] {
        [
            .uuids(states.map(\.conversation)), .ids(states.map(\.id)), .ids(states.map(\.eventID)),
            .ids(states.map(\.previousEventID)), .uuids(states.map(\.sender)), .texts(states.map(\.senderType)),
            .texts(states.map(\.messageType)), .texts(states.map(\.content)), .texts(states.map(\.clientMessageID)),
            .texts(states.map(\.file)), .timestamps(states.map(\.createdAt)), .timestamps(states.map(\.editedAt)),
            .bools(states.map(\.isDeleted)),
        ]
    }

    private static let incoming = """
        unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::boolean[])
        as e (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type, message_type, content,
            client_message_id, file, created_at, edited_at, is_deleted)
        """

    private static let columns = """
        conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type, message_type, content,
        client_message_id, file, created_at, edited_at, is_deleted
        """

    private static let values = """
        e.conversation_id, e.id, e.last_event_id, e.previous_event_id, e.sender_id, e.sender_type, e.message_type,
        e.content, e.client_message_id, e.file::jsonb, e.created_at, e.edited_at, e.is_deleted
        """

    private static let conflict = """
        on conflict (conversation_id, id) do update set
            last_event_id = excluded.last_event_id, previous_event_id = excluded.previous_event_id,
            content = excluded.content, file = excluded.file, edited_at = excluded.edited_at,
            is_deleted = excluded.is_deleted
        where messages.last_event_id < excluded.last_event_id and messages.sender_id = excluded.sender_id
            and messages.client_message_id = excluded.client_message_id
        """

    private static let plainUpsert = "insert into messages (\(columns)) select \(values) from \(incoming) \(conflict)"

    private static let upsertAndMove = """
        with \(PositionStore.moved(from: 14)), written as (\(plainUpsert) returning 1)
        select (select count(*) from written), (select count(*) from moved)
        """

    private static let carefulUpsert = """
        insert into messages (\(columns), duplicate_of, reuses_client_id)
        select \(values), case when d.content = e.content then d.id end, coalesce(d.content <> e.content, false)
        from \(incoming)
        left join lateral (
            select m.id, m.content from messages m
            where m.conversation_id = e.conversation_id and m.sender_id = e.sender_id
                and m.client_message_id = e.client_message_id and m.duplicate_of is null and not m.reuses_client_id
                and m.id <> e.id
            limit 1) d on true
        \(conflict)
        """
}
