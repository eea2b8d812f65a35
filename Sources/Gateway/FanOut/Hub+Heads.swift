internal import Shared

/// How the heads of followed conversations are compared with what was passed on, many in one call.
extension Hub {
    /// A conversation is in use when something was published in it in the last so many milliseconds.
    private static let active: Int64 = 60_000
    /// Milliseconds without an event or a check after which a conversation's head is compared.
    private static let quiet: Int64 = 10_000

    /// Wants the position compared with the conversation's head, and what lies between filled.
    func resync(_ entry: FeedEntry) {
        let partition = partitioning.partition(of: entry.conversation).number
        heads.add(entry.conversation, partition: partition, urgency(of: entry))
    }

    private func urgency(of entry: FeedEntry) -> HeadQueue.Urgency {
        guard entry.waiters.isEmpty else { return .awaited }
        return !entry.workers.isEmpty && loop.now - entry.lastUsed < Self.active ? .active : .quiet
    }

    /// Makes the calls whose time has come; what is wanted in one turn goes together.
    func askHeads() {
        guard heads.count > 0, membership.bulk.isReady else { return }
        while let batch = heads.next(at: loop.now) { ask(batch) }
        guard headTimer == nil, let moment = heads.nextMoment(at: loop.now) else { return }
        headTimer = loop.schedule(after: max(1, moment - loop.now)) { [weak self] in
            self?.headTimer = nil
            self?.askHeads()
        }
    }

    private func ask(_ batch: HeadQueue.Batch) {
        var asked: [FeedEntry] = []
        for conversation in batch.conversations {
            guard let entry = entries[conversation] else { continue }
            if entry.feed.beginResync() {
                heldBack.note(entry)
                asked.append(entry)
            } else {
                entry.needsResync = true
            }
        }
        guard !asked.isEmpty else { return heads.finished(batch, failed: false, at: loop.now) }
        loop.spawn { await self.compare(asked, of: batch) }
    }

    private func compare(_ asked: [FeedEntry], of batch: HeadQueue.Batch) async {
        metrics.headCalls.increment()
        let found: [Membership.Head?]
        do {
            found = try await membership.heads(
                of: asked.map(\.conversation), in: partitioning.partitions[batch.partition])
        } catch {
            log.warning("heads can't be compared", [.count: .number(asked.count), .error: .describing(error)])
            for entry in asked { isLate(entry) }
            heads.finished(batch, failed: true, at: loop.now, jitter: Double.random(in: 0...1))
            return askHeads()
        }
        var cold: [FeedEntry] = []
        for (entry, head) in zip(asked, found) {
            if let head { compared(entry, head) } else { cold.append(entry) }
        }
        guard !batch.isAwaited else {
            heads.finished(batch, failed: false, at: loop.now)
            for entry in cold {
                loop.spawn { self.compared(entry, await self.membership.head(of: entry.conversation)) }
            }
            return askHeads()
        }
        // What nobody waits for is loaded one by one, and the next call behind it.
        for entry in cold { compared(entry, await membership.head(of: entry.conversation)) }
        heads.finished(batch, failed: false, at: loop.now)
        askHeads()
    }

    private func compared(_ entry: FeedEntry, _ head: Membership.Head) {
        switch head {
        case .known(let head, let version, let recipients):
            entry.recipients = recipients
            heldBack.note(entry)
            see(version, entry)
            perform(entry.feed.headIsKnown(head), entry)
        case .notFound: abandon(entry, .notFound)
        case .unavailable(let reason): abandon(entry, .unavailable(reason))
        }
    }

    /// Redis didn't answer: those who wait go on waiting, and the head is asked for again.
    private func isLate(_ entry: FeedEntry) {
        guard !entry.workers.isEmpty else { return abandon(entry, .unavailable("nobody waits")) }
        perform(entry.feed.headIsLate(), entry)
        resync(entry)
    }

    /// The head can't be had: those who wait are told, those who are live go on. It is compared when its turn comes anyway.
    private func abandon(_ entry: FeedEntry, _ answer: FollowAnswer) {
        let waiters = entry.waiters.values
        entry.waiters = [:]
        for waiter in waiters { waiter(answer) }
        let isKnown = entry.feed.position != nil && answer != .notFound
        perform(isKnown ? entry.feed.headIsLate() : entry.feed.headIsUnknown(), entry)
    }

    /// Compares the heads of quiet conversations, a share at a time, each in its turn. Where events come in, their chain proves
    /// itself.
    func audit() {
        for conversation in audited.next(of: { entries.keys }) {
            guard let entry = entries[conversation], entry.isConfirmed || !entry.isSubscribed,
                entry.feed.position != nil, !entry.feed.isBusy,
                loop.now - max(entry.lastUsed, entry.lastChecked) >= Self.quiet
            else { continue }
            entry.lastChecked = loop.now
            entry.needsResync = false
            resync(entry)
        }
    }
}
