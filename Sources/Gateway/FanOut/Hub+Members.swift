internal import Shared

/// How a change of members reaches those who are subscribed.
extension Hub {
    /// Milliseconds between two attempts to learn who is in a conversation.
    private static let retry: Int64 = 250
    /// Milliseconds between two looks at members that were changed meanwhile.
    private static let pause: Int64 = 25
    /// After so many milliseconds, or with so much held back, no more is held back.
    private static let patience: Int64 = 5_000
    private static let maximumHeld = 10_000

    /// A version of the members was seen. When it is another than the known one, nothing is passed on before all subscribers
    /// have been authorised again: each event carries the version, so that a lost notice of the change does no harm.
    func see(_ version: Int64, _ entry: FeedEntry) {
        guard let known = entry.version else {
            entry.version = version
            return
        }
        guard version > known else { return }
        entry.version = version
        guard !entry.workers.isEmpty, !entry.isChecking else { return }
        entry.isChecking = true
        heldBack.note(entry)
        loop.spawn { await self.check(entry) }
    }

    private func check(_ entry: FeedEntry) async {
        let deadline = loop.now + Self.patience
        while true {
            let version = entry.version
            let members = await membership.members(of: entry.conversation)
            let isPatient = loop.now < deadline && entry.held.count < Self.maximumHeld
            if case .unavailable = members, isPatient {
                await loop.sleep(milliseconds: Self.retry)
                continue
            }
            for worker in entry.workers { hand(.members(entry.conversation, MembersVerdict(members)), to: worker) }
            if version == entry.version { break }
            // Another change came in meanwhile.
            guard isPatient else { return stopHolding(entry, checked: version) }
            await loop.sleep(milliseconds: Self.pause)
        }
        entry.isChecking = false
        let held = entry.held
        entry.held = []
        release(held, entry)
    }

    /// Members that change all the time would hold back the events for as long: the subscribers read them for themselves, which asks
    /// for the members behind each page. What comes next is looked at anew.
    private func stopHolding(_ entry: FeedEntry, checked version: Int64?) {
        entry.isChecking = false
        entry.held = []
        entry.version = version
        skip(entry, upTo: entry.feed.position ?? .zero)
    }
}

/// Who may stay subscribed to a conversation.
enum MembersVerdict: Sendable {
    case only(Set<UUID>, version: Int64)
    case nobody
    /// Nobody knows: all are sent away, and resume later.
    case unknown

    init(_ members: Membership.Members) {
        switch members {
        case .known(let members, let version): self = .only(members, version: version)
        case .notFound: self = .nobody
        case .unavailable: self = .unknown
        }
    }
}
