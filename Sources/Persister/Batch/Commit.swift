internal import Shared

/// An entry that PostgreSQL will never take, and why.
struct DeadLetter {
    let entry: Entry
    let reason: String
}

/// What the commit script has to know of one partition after PostgreSQL has committed.
struct Commit {
    /// What has been committed of a conversation.
    struct Progress {
        var lastEventID: EventID
        var recipients: [UUID]
        var windows: Set<Int64>
        /// New messages, without edits and deletes.
        var messages = 0
    }

    let partition: Partition
    private(set) var cursor: StreamID
    /// The size and the number of the entries that are committed for the first time.
    private(set) var bytes = 0
    private(set) var newEntries = 0
    private(set) var deadLetters: [DeadLetter] = []
    private(set) var conversations: [UUID: Progress] = [:]

    /// Sums up batches by partition; `window` is the dedupe window in milliseconds, `replayEnd` the last entry of a
    /// partition that was committed before.
    static func all(
        of entries: [Entry], _ items: [Batch.Item], _ deadLetters: [DeadLetter], window: Int64,
        replayEnd: (Int) -> StreamID = { _ in .zero }
    ) -> [Commit] {
        var commits: [Int: Commit] = [:]
        for entry in entries {
            let known = commits[entry.partition.number]
            var commit = known ?? Commit(partition: entry.partition, cursor: entry.id)
            commit.cursor = max(commit.cursor, entry.id)
            if entry.id > replayEnd(entry.partition.number) {
                commit.bytes += entry.bytes.count
                commit.newEntries += 1
            }
            commits[entry.partition.number] = commit
        }
        for letter in deadLetters { commits[letter.entry.partition.number]?.deadLetters.append(letter) }
        for item in items {
            commits[item.entry.partition.number]?.note(item, Int64(clamping: item.entry.id.milliseconds) / window)
        }
        return commits.values.sorted { $0.partition.number < $1.partition.number }
    }

    private init(partition: Partition, cursor: StreamID) {
        self.partition = partition
        self.cursor = cursor
    }

    private mutating func note(_ item: Batch.Item, _ window: Int64) {
        let empty = Progress(lastEventID: .zero, recipients: item.state.recipients, windows: [])
        var progress = conversations[item.state.conversation] ?? empty
        progress.lastEventID = max(progress.lastEventID, item.state.eventID)
        // The script that accepted it may have taken another window for the present one than its entry's id tells.
        progress.windows.formUnion([window - 1, window])
        if item.state.eventID == item.state.id { progress.messages += 1 }
        conversations[item.state.conversation] = progress
    }

    /// The arguments of the commit script behind the cursor, as its head lists them.
    /// The memory of clients' ids expires by itself; a gateway of the first release leaves that to the commit.
    func addArguments(
        to command: inout RedisCommand, stateTTL: Int64, window: Int64, cacheEvents: Int, expiresMemory: Bool
    ) {
        command.add(stateTTL)
        command.add(window)
        command.add(Int64(cacheEvents))
        command.add(Int64(bytes))
        command.add(Int64(newEntries))
        command.add(Int64(deadLetters.count))
        for letter in deadLetters {
            command.add(letter.entry.id.description)
            command.add(letter.reason)
            command.add(letter.entry.bytes)
        }
        for (conversation, progress) in conversations {
            let users = progress.recipients.map(\.description).joined(separator: ",")
            command.add(conversation.description)
            command.add(progress.lastEventID)
            command.add(users.isEmpty ? "-" : users)
            command.add(expiresMemory ? progress.windows.map(String.init).joined(separator: ",") : "-")
            command.add(Int64(progress.messages))
        }
    }
}
