internal import Shared

/// For whom something of a DIRECT conversation is held back until it has been fetched, or its members looked at.
///
/// The position of a user's queue says that he has got everything up to there; so it must not go on with one conversation
/// past what another still lacks.
struct HeldBack {
    private var entries: [UUID: [ObjectIdentifier: FeedEntry]] = [:]

    /// A conversation's events are held back from now on; when they aren't any more is found by looking.
    mutating func note(_ entry: FeedEntry) {
        for user in entry.recipients { entries[user, default: [:]][ObjectIdentifier(entry)] = entry }
    }

    /// Whether something for a user is held back.
    func has(somethingFor user: UUID) -> Bool {
        entries[user]?.values.contains(where: \.isHeld) ?? false
    }

    /// Forgets what isn't held back any more.
    mutating func tidy() {
        for (user, held) in entries {
            let left = held.filter(\.value.isHeld)
            entries[user] = left.isEmpty ? nil : left
        }
    }
}
