internal import Shared

/// What is known of how far back a conversation can be replayed, so that clients that come back with old positions don't have
/// its rows counted again and again.
///
/// A conversation only grows: from a place that is too far back nothing is ever replayed again, and from one that is near
/// enough everything is for a while. Pure: times are monotonic milliseconds that the caller tells.
struct ReplayBounds {
    /// Milliseconds for which a place that was near enough is taken to be so.
    static let lifetime: Int64 = 60_000
    /// Of so many conversations something is kept.
    static let most = 1_000

    private struct Known {
        /// The lowest place that was near enough, and until when that counts.
        var within = EventID.highest
        var until: Int64 = .min
        /// The highest place that was too far back.
        var beyond: EventID?
    }

    private var known: [UUID: Known] = [:]
    private var order = Queue<UUID>()

    /// Whether everything after a place may be replayed; nil where that has to be counted.
    func isWithin(_ place: EventID, of conversation: UUID, at now: Int64) -> Bool? {
        guard let known = known[conversation] else { return nil }
        if let beyond = known.beyond, place <= beyond { return false }
        return now < known.until && place >= known.within ? true : nil
    }

    /// It was counted.
    mutating func note(_ isWithin: Bool, _ place: EventID, of conversation: UUID, at now: Int64) {
        if known[conversation] == nil {
            if order.count >= Self.most, let oldest = order.popFirst() { known[oldest] = nil }
            order.append(conversation)
        }
        var found = known[conversation] ?? Known()
        if !isWithin {
            found.beyond = max(found.beyond ?? .zero, place)
        } else if now >= found.until || place < found.within {
            found.within = place
            found.until = now + Self.lifetime
        }
        known[conversation] = found
    }
}
