internal import Shared

/// One call of the accept script: how it is written, and how its reply is read.
enum AcceptCall {
    /// What the script said of one message.
    enum Answer: Equatable {
        case accepted(EventID)
        /// Accepted, and Redis has lost events that this node has seen.
        case forked(EventID)
        case repeated(EventID)
        /// The conversation isn't in Redis: load it, then ask again.
        case cold
        /// The conversation is archived for its age: take it out, then ask again.
        case archivedByAge
        case refused(SendRefusal)
    }

    /// Limits that the script needs.
    struct Limits {
        /// Milliseconds.
        var dedupeWindow: Int64
        /// Entries that a partition's stream may hold.
        var maximumEntries: Int64
        /// Bytes of entries that a partition's stream may hold.
        var maximumBytes: Int64
        /// How long (ms) what is copied from PostgreSQL stays.
        var stateTTL: Int64
    }

    /// The command for a batch of one partition; `seen` is the highest event id that this node knows of a conversation.
    static func command(
        _ drafts: [Draft], _ partition: Partition, limits: Limits, now: Int64, seen: (UUID) -> EventID
    ) -> RedisCommand {
        var command = RedisScripts.accept.command(keys: [Keys.stream(partition)])
        command.add(now)
        command.add(limits.dedupeWindow)
        command.add(limits.maximumEntries)
        command.add(limits.maximumBytes)
        command.add(Int64(Cursors.maximumParticipants))
        command.add(limits.stateTTL)
        for draft in drafts {
            command.add(draft.conversation.description)
            command.add(draft.sender.description)
            command.add(draft.digest)
            command.add(Int64.random(in: 0..<EventID.perMillisecond))
            command.add(seen(draft.conversation))
            command.add(draft.isOfServer ? "1" : "0")
            command.add(draft.change?.argument ?? "-")
            command.add(draft.tail)
            command.add(draft.keptTail)
        }
        return command
    }

    /// The answers in the order of the drafts; nil where the reply has another shape.
    static func answers(in reply: RedisReply, count: Int) -> [Answer]? {
        guard let elements = reply.elements, elements.count == 1 + 3 * count else { return nil }
        var answers: [Answer] = []
        answers.reserveCapacity(count)
        for start in stride(from: 1, to: elements.count, by: 3) {
            guard let code = elements[start].integer, let id = elements[start + 1].eventID,
                let answer = answer(code, id)
            else { return nil }
            answers.append(answer)
        }
        return answers
    }

    /// The codes are those at the head of accept.lua.
    private static func answer(_ code: Int64, _ id: EventID) -> Answer? {
        switch code {
        case 0: .accepted(id)
        case 1: .repeated(id)
        case 2: .cold
        case 3: .refused(.notFound)
        case 4: .refused(.archived)
        case 5: .refused(.full)
        case 6: .refused(.exhausted)
        case 7: .refused(.corrupt)
        case 8: .refused(.conflict)
        case 9: .forked(id)
        case 10: .archivedByAge
        default: nil
        }
    }
}
