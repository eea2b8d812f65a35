internal import Shared

/// `parley keys`: the master keys that the conversations' data keys stand under.
///
/// A change of the master key wraps the data keys anew; no message is written again.
enum KeysCommand {
    static func run(_ arguments: ArraySlice<String>, _ environment: [String: String]) throws(CommandFailure) {
        switch (arguments.first, arguments.count) {
        case ("new", 2): try new(arguments.last ?? "")
        case ("list", 1): try list(environment)
        case ("rotate", 1): try rotate(environment)
        default: throw .usage("keys needs new NAME, list or rotate")
        }
    }

    private static func new(_ id: String) throws(CommandFailure) {
        let line = MasterKeyRing.newLine(id: id)
        guard (try? MasterKeyRing(file: Array(line.utf8))) != nil else {
            throw .usage("a key's name is 1 to 64 of a-z, 0-9 and -")
        }
        StandardStreams.write(line + "\n")
    }

    /// How many data keys stand under which master key.
    private static func list(_ environment: [String: String]) throws(CommandFailure) {
        let lines = try PostgresClient.run(environment) { postgres async throws(PostgresError) in
            try await postgres.query("select master, count(*) from data_keys group by master order by master").rows.map
            { row in
                let object = JSONObject([
                    ("master", .string(row.text(0) ?? "")), ("dataKeys", .integer(row.integer(1) ?? 0)),
                ])
                return String(decoding: JSONWriter.bytes(.object(object)), as: UTF8.self)
            }
        }
        for line in lines { StandardStreams.write(line + "\n") }
    }

    /// Wraps with the current master key whatever stands under another.
    private static func rotate(_ environment: [String: String]) throws(CommandFailure) {
        guard let path = environment["PARLEY_ENCRYPTION_KEYS_FILE"] else {
            throw .failed("PARLEY_ENCRYPTION_KEYS_FILE must name the file with the master keys")
        }
        let ring: MasterKeyRing
        do throws(MasterKeyRingError) {
            ring = try MasterKeyRing(path: path)
        } catch {
            throw .failed("PARLEY_ENCRYPTION_KEYS_FILE=\(path): \(error)")
        }
        let failures = try PostgresClient.run(environment) { postgres async throws(PostgresError) in
            var page = Page(ring: ring, postgres: postgres)
            while try await page.next() {}
            StandardStreams.write("\(page.wrapped) data keys wrapped with the master key \(ring.current)\n")
            return page.failures
        }
        guard let first = failures.first else { return }
        throw .failed("\(failures.count) data keys can't be unwrapped, the first is \(first)")
    }

    /// Goes through the data keys that stand under another master key, a page at a time.
    private struct Page {
        /// So many are wrapped anew in one statement.
        private static let size: Int64 = 500

        let ring: MasterKeyRing
        let postgres: PostgresPool
        private(set) var wrapped = 0
        /// Those that can't be unwrapped: their conversations, and the master keys that they stand under.
        private(set) var failures: [String] = []
        private var last = UUID(high: 0, low: 0)

        init(ring: MasterKeyRing, postgres: PostgresPool) {
            self.ring = ring
            self.postgres = postgres
        }

        /// Wraps the next page; false at the end.
        mutating func next() async throws(PostgresError) -> Bool {
            let rows = try await postgres.query(
                """
                select conversation_id, master, wrapped from data_keys
                where master <> $1 and conversation_id > $2 order by conversation_id limit $3
                """, [.text(ring.current), .uuid(last), .integer(Self.size)]
            ).rows
            var conversations: [UUID] = []
            var texts: [String?] = []
            for row in rows {
                guard let conversation = row.uuid(0), let master = row.text(1), let text = row.text(2) else { continue }
                last = conversation
                if let secret = ring.unwrap(.init(master: master, text: text), for: conversation) {
                    conversations.append(conversation)
                    texts.append(ring.wrap(secret, for: conversation).text)
                } else {
                    failures.append("that of \(conversation), under the master key \(master)")
                }
            }
            _ = try await postgres.query(
                """
                update data_keys k set master = $1, wrapped = e.wrapped
                from unnest($2::uuid[], $3::text[]) as e (id, wrapped) where k.conversation_id = e.id
                """, [.text(ring.current), .uuids(conversations), .texts(texts)])
            wrapped += conversations.count
            return !rows.isEmpty
        }
    }
}
