internal import Shared

/// How far the participants of a conversation have got and read it.
struct Cursors: Sendable {
    struct Position: Sendable, Equatable {
        var delivered = EventID.zero
        var read = EventID.zero

        /// The further of each.
        func furthest(_ other: Position) -> Position {
            Position(delivered: max(delivered, other.delivered), read: max(read, other.read))
        }
    }

    /// In larger conversations nobody asks who has read what, and telling would cost more than the messages.
    static let maximumParticipants = 50

    var positions: [UUID: Position] = [:]

    /// What a message's `status` is: computed from everybody but its sender.
    func status(of message: EventID, from sender: UUID) -> MessageStatus {
        guard positions.count <= Self.maximumParticipants else { return .sent }
        var lowest = Position(delivered: .highest, read: .highest)
        var others = 0
        for (user, position) in positions where user != sender {
            others += 1
            lowest.delivered = min(lowest.delivered, position.delivered)
            lowest.read = min(lowest.read, position.read)
        }
        guard others > 0 else { return .sent }
        return lowest.read >= message ? .read : lowest.delivered >= message ? .delivered : .sent
    }

    /// Moves those that are known here to where others say they are, if that is further.
    mutating func advance(by others: Cursors) {
        for (user, position) in positions {
            guard let other = others.positions[user] else { continue }
            positions[user] = position.furthest(other)
        }
    }

    /// Reads the hash that the load script wrote.
    init(_ reply: RedisReply) {
        let fields = reply.elements ?? []
        for place in stride(from: 0, to: fields.count - 1, by: 2) {
            guard let name = fields[place].text, name.count == 38, let user = UUID(name.dropFirst(2)),
                let id = fields[place + 1].eventID
            else { continue }
            if name.hasPrefix("d:") {
                positions[user, default: Position()].delivered = id
            } else {
                positions[user, default: Position()].read = id
            }
        }
    }

    /// Nobody has got anything, as far as is known.
    init() {}
}
