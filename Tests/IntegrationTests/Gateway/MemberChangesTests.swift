import Shared
import Testing

@testable import Gateway

@Suite struct MemberChangesTests {
    private static let alice = UUID(high: 7, low: 1)
    private static let bob = UUID(high: 7, low: 2)
    private static let group = UUID(high: 8, low: 1)

    /// Nobody has written in it for a while, so Redis has forgotten it: the newcomer's cursors were set to 0, and the status of
    /// everything in it fell from READ to SENT.
    @Test func whoJoinsAColdGroupHasReadWhatWasBefore() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    _ = try await pool.query(
                        "insert into conversations (id, type, created_by) values ($1, 'GROUP', $2)",
                        [.uuid(Self.group), .uuid(Self.alice)])
                    _ = try await pool.query(
                        "insert into participants (conversation_id, user_id, role) values ($1, $2, 'ADMIN')",
                        [.uuid(Self.group), .uuid(Self.alice)])
                    // The second was edited.
                    _ = try await pool.query(
                        """
                        insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type,
                            message_type, content, client_message_id, created_at)
                        select $1, id, last, 0, $2, 'USER', 'TEXT', '', id::text, now()
                        from (values (100, 100), (200, 300)) as m (id, last)
                        """, [.uuid(Self.group), .uuid(Self.alice)])
                    _ = try await KnownTimeline.look(pool)
                    let changes = ConversationChanges(
                        postgres: pool, redis: redis, partitioning: Partitioning(count: 64))
                    guard
                        case .changed(let conversation, _) = try await changes.make(
                            .add(Self.bob), in: Self.group, by: Self.alice)
                    else {
                        Issue.record("bob wasn't added")
                        return
                    }
                    let bob = try #require(conversation.participants.first { $0.user == Self.bob })
                    #expect(bob.position == Cursors.Position(delivered: 300, read: 300))
                }
            }
        }
    }
}
