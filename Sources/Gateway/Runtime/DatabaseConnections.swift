/// How many connections to PostgreSQL each loop of a node may open. They open when they are needed; idle ones beyond the first
/// of each kind are closed.
///
/// Each loop has its own, since a connection belongs to a loop; so the more loops, the fewer for each.
struct DatabaseConnections {
    /// For cold conversations, changes of members, keys and cursors: nothing else may take them.
    let essential: Int
    /// For histories, lists, files and all else.
    let reading: Int

    /// What a node's loops have together of each kind, as far as the bounds of a loop allow.
    private static let perNode = 16
    /// While a change of members waits for Redis, a cold conversation must still be loaded.
    private static let fewestEssential = 2
    private static let fewestReading = 1
    private static let mostOfAKind = 4

    init(loops: Int) {
        let share = min(Self.mostOfAKind, Self.perNode / max(1, loops))
        essential = max(Self.fewestEssential, share)
        reading = max(Self.fewestReading, share)
    }
}
