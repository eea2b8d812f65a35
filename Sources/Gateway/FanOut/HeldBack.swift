internal import Shared

/// For whom something of a DIRECT conversation is held back until it has been fetched, or its members looked at.
///
/// The position of a user's queue says that he has got everything up to there; so it must not go on with one conversation
/// past what another still lacks.
struct HeldBack {
    private var entries: [UUID: [FeedEntry]] = [:]

    /// A conversation's events are held back from now on; when they aren't any more is found by looking.
    mutating func note(_ entry: FeedEntry) {
        for user in entry.recipients where entries[user]?.contains(where: { $0 === entry }) != true {
            entries[user, default: []].append(entry)
        }
    }

    /// Whether something for a user is held back.
    mutating func has(somethingFor user: UUID) -> Bool {
        guard let known = entries[user] else { return false }
        let held = known.filter(\.isHeld)
        entries[user] = held.isEmpty ? nil : held
        return !held.isEmpty
    }

    /// Forgets what isn't held back any more.
    mutating func tidy() {
        for user in Array(entries.keys) { _ = has(somethingFor: user) }
    }
}
