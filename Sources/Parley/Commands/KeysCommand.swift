internal import Shared

/// `parley keys`: the master keys that the conversations' data keys stand under.
///
/// A change of the master key wraps the data keys anew; no message is written again.
enum KeysCommand {
    /// So many data keys are wrapped anew in one statement.
    private static let page: Int64 = 500

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
            ring = try MasterKeyRing(file: Process.readFile(path))
        } catch {
            throw .failed("PARLEY_ENCRYPTION_KEYS_FILE=\(path): \(error)")
        }
        let result = try PostgresClient.run(environment) { postgres async throws(PostgresError) in
            var count = 0
            while true {
                switch try await rewrapPage(ring, postgres) {
                case .rewrapped(0): return ["\(count)"]
                case .rewrapped(let number): count += number
                case .missing(let master): return ["\(count)", master]
                }
            }
        }
        let count = result.first ?? "0"
        if result.count > 1 {
            throw .failed(
                "\(count) data keys wrapped; others need the master key \(result[1]), which isn't in the file, or is another"
            )
        }
        StandardStreams.write("\(count) data keys wrapped with the master key \(ring.current)\n")
    }

    private enum Step {
        case rewrapped(Int)
        case missing(String)
    }

    private static func rewrapPage(_ ring: MasterKeyRing, _ postgres: PostgresPool) async throws(PostgresError) -> Step
    {
        let rows = try await postgres.query(
            "select conversation_id, master, wrapped from data_keys where master <> $1 limit $2",
            [.text(ring.current), .integer(page)]
        ).rows
        var conversations: [UUID] = []
        var texts: [String?] = []
        for row in rows {
            guard let conversation = row.uuid(0), let master = row.text(1), let text = row.text(2) else { continue }
            guard let secret = ring.unwrap(.init(master: master, text: text), for: conversation) else {
                return .missing(master)
            }
            conversations.append(conversation)
            texts.append(ring.wrap(secret, for: conversation).text)
        }
        guard !conversations.isEmpty else { return .rewrapped(0) }
        _ = try await postgres.query(
            """
            update data_keys k set master = $1, wrapped = e.wrapped
            from unnest($2::uuid[], $3::text[]) as e (id, wrapped) where k.conversation_id = e.id
            """, [.text(ring.current), .uuids(conversations), .texts(texts)])
        return .rewrapped(conversations.count)
    }
}
