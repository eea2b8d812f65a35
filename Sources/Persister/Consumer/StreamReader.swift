internal import Shared

/// Reads what is new in the streams of owned partitions.
///
/// Confined to its loop.
final class StreamReader {
    /// How long (ms) a read waits when there is nothing; far below the connection's deadline.
    private static let block = "500"

    /// A connection of its own: a read that waits would hold up everything behind it.
    private let redis: RedisConnection
    private let limit: Int
    /// How many streams the last read found something in.
    private var activeStreams = 1

    /// `limit` is how many entries are wanted at once.
    init(_ redis: RedisConnection, limit: Int) {
        self.redis = redis
        self.limit = limit
    }

    /// The entries behind the cursors, in the order of each stream; empty when nothing came for a while.
    func read(_ leases: [Lease]) async throws(RedisError) -> [Entry] {
        // The count is per stream: what is wanted is shared out over as many as had something.
        let count = max(16, limit / activeStreams)
        var command = RedisCommand("XREAD", "COUNT", String(count), "BLOCK", Self.block, "STREAMS")
        for lease in leases { command.add(Keys.stream(lease.partition)) }
        for lease in leases { command.add(lease.cursor.description) }
        let streams = try await redis.call(command).elements ?? []
        activeStreams = max(1, streams.count)
        let partitions = Dictionary(uniqueKeysWithValues: leases.map { (Keys.stream($0.partition), $0.partition) })
        var entries: [Entry] = []
        for stream in streams {
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
