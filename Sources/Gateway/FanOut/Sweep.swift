internal import Shared

/// Goes round a set of ids, a share at a time, so that no turn of the loop looks at all of them.
struct Sweep {
    /// So many are taken at least.
    private static let least = 100

    private let calls: Int
    private var queue: [UUID] = []
    private var share = 0

    /// A round takes so many calls, or fewer where there is little.
    init(calls: Int) { self.calls = calls }

    /// The next share; a new round begins with the ids that there are then.
    mutating func next(of all: () -> some Collection<UUID>) -> [UUID] {
        if queue.isEmpty {
            queue = Array(all())
            share = max(Self.least, (queue.count + calls - 1) / calls)
        }
        let taken = Array(queue.suffix(share))
        queue.removeLast(taken.count)
        return taken
    }
}
