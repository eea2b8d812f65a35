internal import Shared

/// Reads what is new in the streams of owned partitions.
///
/// Confined to its loop.
final class StreamReader {
    /// How long (ms) a read waits when there is nothing; far below the connection's deadline.
    private static let block = "500"
    /// So many bytes of entries are wanted at once; writing them takes several times as much.
    private static let bytes = 8 * 1024 * 1024

    /// A connection of its own: a read that waits would hold up everything behind it.
    private let redis: RedisConnection
    private var pace: ReadPace

    /// `rows` is how many entries are wanted at once.
    init(_ redis: RedisConnection, rows: Int) {
        self.redis = redis
        pace = ReadPace(rows: rows, bytes: Self.bytes)
    }

    /// The entries behind the cursors, in the order of each stream; empty when nothing came for a while.
    func read(_ leases: [Lease]) async throws(RedisError) -> [Entry] {
        let byNumber = Dictionary(uniqueKeysWithValues: leases.map { ($0.partition.number, $0) })
        let numbers = leases.map(\.partition.number)
        let requests = pace.requests(numbers)
        let waits = !pace.hasMore(numbers)
        let commands = requests.map { request in
            let wanted = request.partitions.compactMap { byNumber[$0] }
            return Self.command(wanted, count: request.count, waits: waits)
        }
        do throws(RedisError) {
            let replies = try await redis.pipeline(commands)
            var entries: [Entry] = []
            for reply in replies { entries += try Self.entries(in: reply, leases) }
            let counts = entries.reduce(into: [:]) { $0[$1.partition.number, default: 0] += 1 }
            pace.came(counts, bytes: entries.reduce(0) { $0 + $1.bytes.count }, for: requests)
            return entries
        } catch {
            pace.failed()
            throw error
        }
    }

    private static func command(_ leases: [Lease], count: Int, waits: Bool) -> RedisCommand {
        var command = RedisCommand("XREAD", "COUNT", String(count))
        if waits {
            command.add("BLOCK")
            command.add(block)
        }
        command.add("STREAMS")
        for lease in leases { command.add(Keys.stream(lease.partition)) }
        for lease in leases { command.add(lease.cursor.description) }
        return command
    }

    private static func entries(in reply: RedisReply, _ leases: [Lease]) throws(RedisError) -> [Entry] {
        let partitions = Dictionary(uniqueKeysWithValues: leases.map { (Keys.stream($0.partition), $0.partition) })
        var entries: [Entry] = []
        for stream in reply.elements ?? [] {
            guard let parts = stream.elements, parts.count == 2, let name = parts[0].text,
                let partition = partitions[name]
            else { throw .unexpectedReply("XREAD") }
            for item in parts[1].elements ?? [] {
                guard let pair = item.elements, pair.count == 2, let id = pair[0].text.flatMap({ StreamID($0) }) else {
                    throw .unexpectedReply("XREAD")
                }
                // An entry without the field is one that can't be read: it is accounted for as such.
                let fields = pair[1].elements ?? []
                entries.append(
                    Entry(partition: partition, id: id, bytes: fields.count >= 2 ? fields[1].bytes ?? [] : []))
            }
        }
        return entries
    }
}
