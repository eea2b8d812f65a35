internal import Shared

/// What PostgreSQL has can still be needed: it is kept for a while, and written again where PostgreSQL has lost it.
extension Persister {
    /// Looks now and then, and whenever something is new, whether PostgreSQL still has what the cursors say.
    func comparePositions(_ leases: [Lease], _ origin: RedisOrigin) async throws(RedisError) {
        let isDue = loop.now >= nextLook
        let wanted = isDue ? leases : positions.unknown(leases)
        guard !wanted.isEmpty, loop.now >= nextQuestion else { return }
        let stored: [Int: StreamID]
        do throws(PostgresError) {
            stored = try await positionStore.read(wanted.map(\.partition.number))
        } catch {
            // What is unknown isn't read before it answers; the others' batches will tell that it is away.
            if !positions.unknown(leases).isEmpty { await refusedByPostgres(error) }
            nextQuestion = loop.now + 5 * Self.pause
            return
        }
        nextLook = loop.now + config.lease / 3
        guard origins.isPresent(origin) else { return }
        for lease in wanted where self.leases.holds(lease) {
            let number = lease.partition.number
            let finding = positions.found(stored[number], for: lease)
            self.leases.compared(lease)
            guard case .lost(let position) = finding else { continue }
            if lease.followsOlder {
                await settle(lease, at: lease.cursor, insteadOf: position)
            } else {
                try await replay(lease, from: position)
            }
        }
    }

    private func replay(_ lease: Lease, from position: StreamID) async throws(RedisError) {
        let number = lease.partition.number
        let reply = try await redis.call(RedisScripts.replay, keys: [Keys.stream(lease.partition)]) { command in
            command.add(lease.token)
            command.add(position.description)
        }
        guard let ids = reply.elements?.map({ $0.text.flatMap { StreamID($0) } ?? .zero }), ids.count == 3 else {
            return leases.lost(lease)
        }
        let (before, now) = (ids[0], ids[1])
        leases.rewound(lease, to: now, replayEnd: before)
        if now < before {
            metrics.replays.increment()
            log.error(
                "PostgreSQL has lost what it had committed",
                [
                    .partition: .number(number), .entry: .string(position.description),
                    .reason: .string("replayed from \(now) to \(before)"),
                ])
        }
        guard now > position else { return }
        metrics.replayGaps.increment()
        log.error("entries that PostgreSQL has lost are kept no longer", [.partition: .number(number)])
        // What can't be had back isn't looked for again.
        await settle(lease, at: now, insteadOf: position)
    }

    /// Tells PostgreSQL that a partition begins here.
    private func settle(_ lease: Lease, at cursor: StreamID, insteadOf position: StreamID) async {
        let move = StoredPositions.Move(partition: lease.partition.number, expected: position, new: cursor)
        if (try? await positionStore.move([move])) == 1 {
            positions.moved([move])
        } else {
            positions.doubt([move])
        }
    }

    /// Drops what is kept no longer, once a second.
    func trimStreams(_ leases: [Lease]) async throws(RedisError) {
        guard loop.now >= nextTrim, let mayKeep = self.leases.mayKeepEntries else { return }
        nextTrim = loop.now + 1_000
        if let info = try? await redis.call("INFO", "memory").text, let memory = RedisMemory(info: info) {
            window.observe(memory)
        }
        let keep = mayKeep ? window.length : 0
        // A persister of the first release drops what was kept of a partition with its next commit there only.
        let foreign = mayKeep ? [] : partitions.filter { partition in !leases.contains { $0.partition == partition } }
        let calls = (leases.map { ($0.partition, $0.token) } + foreign.map { ($0, "") }).map { partition, token in
            var command = RedisScripts.trim.command(keys: [Keys.stream(partition)])
            command.add(token)
            command.add(keep)
            return command
        }
        var kept = 0
        var trimmed = StreamID.zero
        for result in await redis.results(of: RedisScripts.trim, calls) {
            guard case .success(let reply) = result, let parts = reply.elements, parts.count == 2 else { continue }
            kept += parts[1].count ?? 0
            trimmed = max(trimmed, parts[0].text.flatMap { StreamID($0) } ?? .zero)
        }
        metrics.kept.set(kept)
        let reach = WallClock.nowMilliseconds() - Int64(clamping: trimmed.milliseconds)
        metrics.window.set(Int(max(0, min(keep, reach))))
    }
}
