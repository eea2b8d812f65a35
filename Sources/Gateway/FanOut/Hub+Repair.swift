internal import Shared

/// How the node finds and fills what pub/sub lost.
extension Hub {
    /// Milliseconds without an event or a check after which a conversation's head is compared.
    private static let quiet: Int64 = 10_000
    /// Events per read of a fill.
    private static let fillPage = 500

    /// Compares the position with the conversation's head, and fills what lies between.
    func resync(_ entry: FeedEntry) {
        guard entry.feed.beginResync() else {
            entry.needsResync = true
            return
        }
        heldBack.note(entry)
        loop.spawn {
            let head = await self.membership.head(of: entry.conversation)
            switch head {
            case .known(let head, let version, let recipients):
                entry.recipients = recipients
                self.heldBack.note(entry)
                self.see(version, entry)
                self.perform(entry.feed.headIsKnown(head), entry)
            case .notFound: self.abandon(entry, .notFound)
            case .unavailable(let reason): self.abandon(entry, .unavailable(reason))
            }
        }
    }

    /// The head can't be had: those who wait are told, those who are live go on.
    private func abandon(_ entry: FeedEntry, _ answer: FollowAnswer) {
        let waiters = entry.waiters.values
        entry.waiters = [:]
        for waiter in waiters { waiter(answer) }
        perform(entry.feed.headIsUnknown(), entry)
        // What was not compared now is compared when there is time for it.
        entry.needsResync = true
    }

    /// Reads everything after an event and passes it on.
    func fill(_ entry: FeedEntry, after: EventID) {
        loop.spawn {
            let (events, isWhole) = await self.read(entry, after: after)
            self.filled(entry, events, isWhole)
        }
    }

    /// Everything after an event, and whether it could be read to the end.
    private func read(_ entry: FeedEntry, after: EventID) async -> (events: [Event], isWhole: Bool) {
        var events: [Event] = []
        var position = after
        while true {
            do throws(ReadError) {
                let page = try await reader.events(
                    of: entry.conversation, after: position, limit: Self.fillPage, recipients: entry.recipients)
                events += page
                position = page.last?.id ?? position
                if page.count < Self.fillPage { return (events, true) }
            } catch {
                log.warning(
                    "hole can't be read", [.conversation: .uuid(entry.conversation), .error: .string("\(error)")])
                return (events, false)
            }
        }
    }

    private func filled(_ entry: FeedEntry, _ events: [Event], _ isWhole: Bool) {
        let result = entry.feed.filled(events, isWhole: isWhole)
        if !result.holesBefore.isEmpty {
            let count = result.holesBefore.count
            metrics.holesUnfilled.increment(by: count)
            log.error("hole stays open", [.conversation: .uuid(entry.conversation), .count: .number(count)])
        }
        if result.isFork { mend(entry, seen: entry.feed.position ?? .zero) }
        forward(result.events, entry, holesBefore: result.holesBefore)
        if result.gapAfter != nil { skip(entry) }
        forward(result.later, entry)
        if let after = result.fillAgain { fill(entry, after: after) } else { settled(entry) }
    }

    /// What came after an event can't be read at present. Subscriptions fall behind and read on from what they have got, as
    /// soon as it goes.
    func skip(_ entry: FeedEntry) {
        metrics.gaps.increment()
        for worker in targets(of: entry, entry.recipients) {
            hand(.gap(entry.conversation, recipients: entry.recipients), to: worker)
        }
    }

    /// Nothing is under way any more for this conversation: those who waited for it are told.
    func settled(_ entry: FeedEntry) {
        guard !entry.feed.isBusy else { return }
        if entry.needsResync, entry.isConfirmed {
            entry.needsResync = false
            return resync(entry)
        }
        guard entry.isConfirmed, let position = entry.feed.position, !entry.waiters.isEmpty else { return }
        // What was passed on must reach the workers before they hear that it was.
        relay()
        let waiters = entry.waiters.values
        entry.waiters = [:]
        for waiter in waiters { waiter(.live(position: position)) }
    }

    /// Compares the heads of quiet conversations whose turn it is, at most `budget`, least recently checked first. Where
    /// events come in, their chain proves itself.
    func audit(_ queue: inout [UUID], budget: Int) {
        if queue.isEmpty { queue = Array(entries.keys) }
        for conversation in queue.suffix(budget) {
            guard let entry = entries[conversation], entry.feed.position != nil, !entry.feed.isBusy,
                loop.now - max(entry.lastUsed, entry.lastChecked) >= Self.quiet
            else { continue }
            entry.lastChecked = loop.now
            entry.needsResync = false
            resync(entry)
        }
        queue.removeLast(min(budget, queue.count))
    }
}
