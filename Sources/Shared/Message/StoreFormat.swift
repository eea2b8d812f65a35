/// Why the stores can't be used by this process.
public enum StoreFormatError: Error, Equatable, CustomStringConvertible {
    /// The store was first used with another format, hash or number of partitions.
    case mismatch(store: String, found: String, expected: String)
    /// The other processes recognise repeated messages by another window, in milliseconds.
    case window(found: String, expected: String)
    /// Redis can't be asked.
    case redis(RedisError)
    /// PostgreSQL can't be asked.
    case postgres(PostgresError)

    /// Whether waiting doesn't help.
    public var isMismatch: Bool {
        switch self {
        case .mismatch, .window: true
        case .redis, .postgres: false
        }
    }

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .mismatch(let store, let found, let expected):
            "\(store) was set up as \"\(found)\" (format, hash, partitions), this process is configured as \"\(expected)\":"
                + " PARLEY_PARTITIONS can't be changed"
        case .window(let found, let expected):
            "PARLEY_DEDUPE_WINDOW is \(expected) ms, the other processes' is \(found) ms: see docs/operations.md to change it"
        case .redis(let error): error.description
        case .postgres(let error): error.description
        }
    }
}

/// The format of what lies in the stores, written at the first start: a process configured otherwise would look for
/// conversations in the wrong partitions.
public enum StoreFormat {
    private static func text(partitions: Int) -> String { "1 crc32 \(partitions)" }

    /// Compares with Redis, or writes it there.
    public static func check(partitions: Int, redis: RedisConnection) async throws(StoreFormatError) {
        let expected = text(partitions: partitions)
        var found: String?
        do {
            // Read first: a Redis whose memory is full refuses to write, and must not keep the persister from starting.
            found = try await redis.call("GET", Keys.format).text
            if found == nil {
                _ = try await redis.call("SET", Keys.format, expected, "NX")
                found = try await redis.call("GET", Keys.format).text
            }
        } catch {
            throw .redis(error)
        }
        guard found == expected else { throw .mismatch(store: "Redis", found: found ?? "", expected: expected) }
    }

    /// Compares the dedupe window with Redis, or writes it there: processes that number their windows differently don't
    /// recognise what the others have accepted. `window` in milliseconds.
    public static func check(dedupeWindow window: Int64, redis: RedisConnection) async throws(StoreFormatError) {
        let expected = String(window)
        var found: String?
        do {
            found = try await redis.call("GET", Keys.dedupeWindow).text
            if found == nil {
                _ = try await redis.call("SET", Keys.dedupeWindow, expected, "NX")
                found = try await redis.call("GET", Keys.dedupeWindow).text
            }
        } catch {
            throw .redis(error)
        }
        guard found == expected else { throw .window(found: found ?? "", expected: expected) }
    }

    /// Compares with PostgreSQL, or writes it there.
    public static func check(partitions: Int, postgres: PostgresPool) async throws(StoreFormatError) {
        let expected = text(partitions: partitions)
        let found: String?
        do {
            _ = try await postgres.query(
                "insert into parley_meta (key, value) values ('format', $1) on conflict do nothing", [.text(expected)])
            found = try await postgres.query("select value from parley_meta where key = 'format'").rows.first?.text(0)
        } catch {
            throw .postgres(error)
        }
        guard found == expected else { throw .mismatch(store: "PostgreSQL", found: found ?? "", expected: expected) }
    }
}
