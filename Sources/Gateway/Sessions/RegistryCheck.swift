/// When a node compares what Redis has of its sessions with those that it has: a machine without I/O.
///
/// A command whose answer was lost leaves an entry too many or too few. The numbers are compared with each heartbeat, the entries
/// where the numbers differ twice in a row, since a session may come or go between two looks, now and then in any case, and when the
/// node's name is new in Redis: others may have swept what it had, or a process before this one have left something.
struct RegistryCheck {
    /// So many heartbeats pass at most from one comparison to the next: ten minutes.
    static let heartbeats = 120

    private var isCertain = false
    private var differed = false
    private var sinceComparison = 0

    /// Takes the numbers of a heartbeat; whether the entries have to be compared.
    mutating func compares(stored: Int, own: Int) -> Bool {
        sinceComparison += 1
        let differs = stored != own
        defer { differed = differs }
        return !isCertain || differs && differed || sinceComparison >= Self.heartbeats
    }

    /// The entries were compared.
    mutating func compared() {
        isCertain = true
        differed = false
        sinceComparison = 0
    }

    /// The node's name was away for a while.
    mutating func lapsed() {
        isCertain = false
    }
}
