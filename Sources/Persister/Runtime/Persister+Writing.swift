internal import Shared

/// From entries that were read to cursors that have moved.
extension Persister {
    /// Writes entries in batches, each until PostgreSQL has it, and notes each in the Redis that they were read from.
    func persist(_ entries: [Entry], _ owned: [Lease], _ origin: RedisOrigin) async throws(RedisError) {
        var pass = ReadPass(owned)
        for start in stride(from: 0, to: entries.count, by: config.batchRows) where !isStopping {
            // What another Redis has is read from there.
            guard origins.isPresent(origin) else { return }
            // What another persister owns by now is theirs to write.
            let mine = pass.take(entries[start..<min(start + config.batchRows, entries.count)]) { leases.holds($0) }
            guard !mine.isEmpty else { continue }
            guard let commits = await write(mine, pass) else { return }
            guard origins.isPresent(origin) else { return }
            try await note(commits, &pass)
        }
    }

    /// What there is to note in Redis once PostgreSQL has the entries; nil where others have to write them.
    private func write(_ entries: [Entry], _ pass: ReadPass) async -> [Commit]? {
        let batch = Batch(entries)
        var deadLetters = batch.unreadable.map { DeadLetter(entry: $0, reason: "it can't be read") }
        let started = loop.now
        let moves = positions.moves(entries.reduce(into: [:]) { $0[$1.partition.number] = $1.id })
        var pause = Self.pause
        while true {
            do throws(PostgresError) {
                let outcome = try await writer.write(batch.items, moves)
                guard outcome.isInPlace else {
                    positions.doubt(moves)
                    return nil
                }
                positions.moved(moves)
                deadLetters += outcome.deadLetters
                break
            } catch {
                showLag(entries)
                oldestRefused = entries.map { Int64(clamping: $0.id.milliseconds) }.min()
                guard !(await refusedByPostgres(error)) else { return nil }
                await loop.sleep(milliseconds: pause)
                pause = min(2 * pause, Self.longestPause)
                let isMine = entries.contains { pass.lease($0.partition.number).map { leases.holds($0) } ?? false }
                guard !isStopping, isMine else { return nil }
            }
        }
        if !isWriting { log.info("PostgreSQL takes messages again") }
        isWriting = true
        failures = 0
        oldestRefused = nil
        metrics.commitLatency.observe(milliseconds: loop.now - started)
        metrics.batches.increment()
        metrics.entries.increment(by: entries.count)
        showLag(entries)
        for letter in deadLetters {
            metrics.deadLetters.increment()
            log.error(
                "dead letter",
                [
                    .partition: .number(letter.entry.partition.number), .entry: .string(letter.entry.id.description),
                    .reason: .string(letter.reason),
                ])
        }
        return Commit.all(of: entries, batch.items, deadLetters, window: config.common.dedupeWindow) { number in
            pass.lease(number)?.replayEnd ?? .zero
        }
    }

    /// True where the partitions are left to other persisters, since PostgreSQL can't be reached from here.
    @discardableResult
    func refusedByPostgres(_ error: PostgresError) async -> Bool {
        metrics.retries.increment()
        failures += 1
        if isWriting { log.warning("PostgreSQL doesn't take messages", [.error: .describing(error)]) }
        isWriting = false
        guard error.isAboutConnection, failures >= Self.patience, await leases.leave() else { return false }
        log.warning("the partitions are left to other persisters", [.error: .describing(error)])
        return true
    }

    private func showLag(_ entries: [Entry]) {
        guard let oldest = entries.map(\.id.milliseconds).min() else { return }
        showLag(since: Int64(clamping: oldest))
    }

    /// Redis' clock and this one may differ: a lag below zero is none.
    func showLag(since milliseconds: Int64) {
        metrics.lag.set(Int(max(0, WallClock.nowMilliseconds() - milliseconds)))
    }

    /// Moves the cursors in Redis, each partition's by itself.
    private func note(_ commits: [Commit], _ pass: inout ReadPass) async throws(RedisError) {
        let owned = commits.compactMap { commit in pass.lease(commit.partition.number).map { (commit, $0) } }
        let calls = owned.map { commit, lease in
            var command = RedisScripts.commit.command(keys: [Keys.stream(commit.partition)])
            command.add(lease.token)
            command.add(commit.cursor.description)
            let common = config.common
            commit.addArguments(
                to: &command, stateTTL: common.stateTTL, window: common.dedupeWindow, cacheEvents: common.cacheEvents,
                expiresMemory: leases.mayKeepEntries != true)
            return command
        }
        var failure: RedisError?
        for ((commit, lease), result) in zip(owned, await redis.results(of: RedisScripts.commit, calls)) {
            let number = commit.partition.number
            switch result {
            case .success(let reply) where reply.integer == 1:
                refused.remove(number)
                leases.moved(lease, to: commit.cursor)
            case .success:
                pass.leaveOut(number)
                leases.lost(lease)
            case .failure(let error):
                pass.leaveOut(number)
                // Whether the cursor has moved is unknown: it is read again, and what is repeated is recognised.
                leases.doubt(number)
                guard case .refused(let reason) = error else {
                    failure = error
                    continue
                }
                leases.pause(number, for: Self.longestPause)
                guard refused.insert(number).inserted else { continue }
                log.error("a partition stands still", [.partition: .number(number), .error: .string(reason)])
            }
        }
        if let failure { throw failure }
    }
}
