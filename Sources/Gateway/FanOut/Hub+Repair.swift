internal import Shared

/// How the node fills what pub/sub lost.
extension Hub {
    /// Events per read of a fill. What is longer isn't collected here: the subscribers read it for themselves, page by page.
    static let fillPage = 100

    /// Reads what follows on an event, and passes it on.
    func fill(_ entry: FeedEntry, after: EventID) {
        loop.spawn {
            await self.fills.takeTurn()
            defer { self.fills.endTurn() }
            do throws(ReadError) {
                let page = try await self.reader.events(
                    of: entry.conversation, after: after, limit: Self.fillPage, recipients: entry.recipients)
                self.filled(entry, page.events, isWhole: page.isLast)
            } catch {
                self.log.warning(
                    "hole can't be read", [.conversation: .uuid(entry.conversation), .error: .string("\(error)")])
                self.filled(entry, [], isWhole: false)
            }
        }
    }

    private func filled(_ entry: FeedEntry, _ events: [Event], isWhole: Bool) {
        let result = entry.feed.filled(events, isWhole: isWhole)
        if !result.holesBefore.isEmpty {
            let count = result.holesBefore.count
            metrics.holesUnfilled.increment(by: count)
            log.error("hole stays open", [.conversation: .uuid(entry.conversation), .count: .number(count)])
        }
        if result.isFork { mend(entry, seen: entry.feed.position ?? .zero) }
        forward(result.events, entry, holesBefore: result.holesBefore)
        if result.gapAfter != nil { skip(entry, upTo: result.gapUpTo) }
        forward(result.later, entry)
        if let after = result.fillAgain { fill(entry, after: after) } else { settled(entry) }
    }

    /// What came up to an event isn't read here. Subscriptions fall behind and read on from what they have got, as soon as it
    /// goes.
    func skip(_ entry: FeedEntry, upTo event: EventID) {
        metrics.gaps.increment()
        for worker in targets(of: entry, entry.recipients) {
            hand(.gap(entry.conversation, recipients: entry.recipients, upTo: event), to: worker)
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
}
