/// How many entries are read at once, so that they fit into memory whatever has piled up. It does no I/O.
///
/// XREAD's count is per stream, and it knows no bound of bytes. So streams that had as many as were asked for are read
/// apart from the others, and share what is wanted; and the number follows the size of what came last, beginning low.
struct ReadPace {
    /// One XREAD.
    struct Request: Equatable {
        let partitions: [Int]
        /// How many entries of each.
        let count: Int
    }

    private static let first = 16

    private let rows: Int
    private let bytes: Int
    /// How many entries are wanted at once, at present.
    private(set) var limit: Int
    /// Partitions that had as many as were asked for: there may be more.
    private var full: Set<Int> = []

    /// At most so many entries, of so many bytes together, as far as the last ones tell.
    init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
        limit = min(Self.first, rows)
    }

    /// Whether something is there for certain, so that nobody need wait for it.
    func hasMore(_ partitions: [Int]) -> Bool { partitions.contains { full.contains($0) } }

    /// What to ask for.
    func requests(_ partitions: [Int]) -> [Request] {
        let parts = [partitions.filter { full.contains($0) }, partitions.filter { !full.contains($0) }]
        return parts.filter { !$0.isEmpty }.map { Request(partitions: $0, count: max(1, limit / $0.count)) }
    }

    /// What came: how many entries of each partition, and their bytes together.
    mutating func came(_ counts: [Int: Int], bytes size: Int, for requests: [Request]) {
        full = []
        for request in requests {
            full.formUnion(request.partitions.filter { counts[$0] ?? 0 >= request.count })
        }
        let entries = counts.values.reduce(0, +)
        guard entries > 0 else { return }
        limit = max(1, min(rows, 2 * limit, bytes / max(1, size / entries)))
    }

    /// A read failed: it may have been too much.
    mutating func failed() {
        full = []
        limit = min(Self.first, rows)
    }
}
