import Shared
import Testing

@testable import Gateway

@Suite struct AnnouncementTests {
    /// Every node looks; each announcement is told by one of them, and by another one should that die.
    @Test func twoNodesTakeDifferentOnes() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                let group = UUID.random()
                _ = try await pool.query(
                    "insert into conversations (id, type, created_by) values ($1, 'GROUP', $1)", [.uuid(group)])
                _ = try await pool.query(
                    """
                    insert into announcements (conversation_id, version, event, actor, created_at)
                    select $1, n, 'archived', $1, now() - interval '1 minute' from generate_series(1, 100) as n
                    """, [.uuid(group)])
                var taken: [[Int64]] = []
                for _ in 0..<4 {
                    loop.spawn {
                        let found = try? await Announcement.takeOverdue(pool, seconds: 10, limit: 40)
                        taken.append(found?.map(\.version) ?? [])
                    }
                }
                #expect(try await eventually(loop) { taken.count == 4 })
                #expect(taken.flatMap(\.self).count == Set(taken.flatMap(\.self)).count)
                #expect(taken.allSatisfy { $0 == $0.sorted() && $0.count <= 40 })
                let rest = try await Announcement.takeOverdue(pool, seconds: 10, limit: 100)
                #expect(taken.flatMap(\.self).count + rest.count == 100)
                #expect(try await Announcement.takeOverdue(pool, seconds: 10, limit: 100).isEmpty)
                // What another node is just taking isn't waited for.
                try await pool.transaction { connection throws(PostgresError) in
                    _ = try await connection.query("select from announcements where version <= 40 for update")
                    #expect(try await Announcement.takeOverdue(pool, seconds: -1, limit: 100).count == 60)
                }
            }
        }
    }
}
