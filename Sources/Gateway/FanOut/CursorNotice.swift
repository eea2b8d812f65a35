internal import Shared

/// How far members of a group have got and read it: `1 R <conversation>` on its channel, written by the cursor script, then
/// a line for each move, `<user> <delivered> <read>` and both as they were before.
struct CursorNotice: Sendable, Equatable {
    /// The deployment's format from which every node reads it.
    static let format: Int64 = 2

    struct Move: Sendable, Equatable {
        let user: UUID
        let now: Cursors.Position
        let before: Cursors.Position

        /// What clients get.
        func json(in conversation: UUID) -> [UInt8] {
            Array(
                #"{"conversationId":"\#(conversation)","userId":"\#(user)","lastDeliveredMessageId":\#(now.delivered),"#
                    .utf8)
                + Array(#""lastReadMessageId":\#(now.read)}"#.utf8)
        }
    }

    private static let head = Array("1 R ".utf8)

    let conversation: UUID
    let moves: [Move]

    /// Reads a notice; nil where it is something else.
    init?(_ payload: [UInt8]) {
        guard payload.starts(with: Self.head) else { return nil }
        let lines = payload.dropFirst(Self.head.count).split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, let conversation = UUID(first) else { return nil }
        var moves: [Move] = []
        for line in lines.dropFirst() {
            let words = line.split(separator: UInt8(ascii: " "))
            guard words.count == 5, let user = UUID(words[0]) else { return nil }
            let ids = words.dropFirst().compactMap { EventID($0) }
            guard ids.count == 4 else { return nil }
            moves.append(
                Move(
                    user: user, now: Cursors.Position(delivered: ids[0], read: ids[1]),
                    before: Cursors.Position(delivered: ids[2], read: ids[3])))
        }
        self.conversation = conversation
        self.moves = moves
    }
}
