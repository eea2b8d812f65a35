internal import Shared

/// Brings moved cursors into PostgreSQL, a moment after they moved.
///
/// Confined to its loop.
final class CursorFlush {
    /// Moves are gathered for so many milliseconds.
    private static let interval: Int64 = 250
    /// After a piece that failed, rounds are further and further apart, up to so many intervals.
    private static let longestPause = 20

    private let write: ([CursorBacklog.Move]) async throws(PostgresError) -> Void
    private let loop: EventLoop
    private var backlog = CursorBacklog()
    private var isWriting = false
    private var pause = 0
    private var skipped = 0

    convenience init(_ postgres: PostgresPool, on loop: EventLoop) {
        self.init(on: loop) { moves throws(PostgresError) in try await Self.write(moves, postgres) }
    }

    /// `write` is given what one statement writes.
    init(on loop: EventLoop, _ write: @escaping ([CursorBacklog.Move]) async throws(PostgresError) -> Void) {
        self.write = write
        self.loop = loop
        loop.scheduleRepeating(every: Self.interval) { [weak self] in
            self?.tick()
            return self != nil
        }
    }

    func add(_ position: Cursors.Position, of user: UUID, in conversation: UUID) {
        backlog.add(CursorBacklog.Move(conversation: conversation, user: user, position: position))
    }

    private func tick() {
        guard backlog.count > 0, !isWriting else { return }
        guard skipped >= pause else {
            skipped += 1
            return
        }
        loop.spawn { await self.flush() }
    }

    /// Writes what waits, one piece after the other; a piece that fails waits again, and the others aren't repeated.
    func flush() async {
        // The end of the process asks for one while another may be under way.
        while isWriting { await loop.sleep(milliseconds: 10) }
        isWriting = true
        var hasFailed = false
        var isAway = false
        for piece in backlog.takeAll() {
            do throws(PostgresError) {
                guard !isAway else { throw .notConnected }
                try await write(piece)
            } catch {
                hasFailed = true
                // Nobody is there: asking again for each piece would only wait again.
                switch error {
                case .notConnected, .unreachable: isAway = true
                default: break
                }
                for move in piece { backlog.add(move) }
            }
        }
        pause = hasFailed ? min(Self.longestPause, max(1, pause * 2)) : 0
        skipped = 0
        isWriting = false
    }

    /// One statement, which locks the rows in the order of their key, whatever plan is chosen: two nodes that write the same rows
    /// wait for each other, and never both.
    static func write(_ moves: [CursorBacklog.Move], _ postgres: PostgresPool) async throws(PostgresError) {
        _ = try await postgres.query(
            """
            with moved as materialized (
                select p.conversation_id, p.user_id, e.delivered, e.read
                from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])
                    as e (conversation_id, user_id, delivered, read)
                join participants p on p.conversation_id = e.conversation_id and p.user_id = e.user_id
                where e.delivered > p.delivered_id or e.read > p.read_id
                order by p.conversation_id, p.user_id
                for no key update of p)
            update participants p set delivered_id = greatest(p.delivered_id, m.delivered),
                read_id = greatest(p.read_id, m.read)
            from moved m where p.conversation_id = m.conversation_id and p.user_id = m.user_id
            """,
            [
                .uuids(moves.map(\.conversation)), .uuids(moves.map(\.user)), .ids(moves.map(\.position.delivered)),
                .ids(moves.map(\.position.read)),
            ])
    }
}
