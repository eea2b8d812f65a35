import Shared
import Testing

@Suite struct PostgresTimelineTests {
    /// No right that an operator would have to give.
    @Test func anOrdinaryRoleMayAsk() async throws {
        try await onLoop { loop in
            try await withDatabase(loop, migrated: false) { url, admin in
                let role = "plain_" + UUID.random().description.replacing("-", with: "")
                _ = try await admin.query("create role \(role) login password 'secret'")
                let place = url[url.index(after: try #require(url.lastIndex(of: "@")))...]
                let pool = try PostgresPool(
                    url: "postgresql://\(role):secret@\(place)", name: "test-plain", size: 1, timeout: 5_000, on: loop)
                let timeline = try await PostgresTimeline.current(pool)
                #expect(timeline.number >= 1)
                #expect(try await PostgresTimeline.current(admin) == timeline)
                pool.stop()
                #expect(try await eventually(loop) { (try? await admin.query("drop role \(role)")) != nil })
            }
        }
    }
}
