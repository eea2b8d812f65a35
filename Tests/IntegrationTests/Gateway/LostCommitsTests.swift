import Shared
import Testing

@testable import Gateway

/// A promoted standby that lagged, by turns: what it lacks is deleted, and the timeline that stands in its rows is another one.
/// Tests/EndToEnd/test_standby.py does it with a real one.
@Suite struct LostCommitsTests {
    private static let (alice, bob, carol) = (UUID(high: 7, low: 1), UUID(high: 7, low: 2), UUID(high: 7, low: 3))
    private static let group = UUID(high: 8, low: 1)
    private let partitioning = Partitioning(count: 64)

    private func makeGroup(_ users: [UUID], _ pool: PostgresPool) async throws {
        _ = try await pool.query(
            "insert into conversations (id, type, created_by) values ($1, 'GROUP', $2)",
            [.uuid(Self.group), .uuid(users[0])])
        _ = try await pool.query(
            """
            insert into participants (conversation_id, user_id, role)
            select $1, u, case when u = $3 then 'ADMIN' else 'MEMBER' end from unnest($2::uuid[]) as u
            """, [.uuid(Self.group), .uuids(users), .uuid(users[0])])
    }

    private func loader(_ redis: RedisConnection, _ pool: PostgresPool, _ loop: EventLoop) -> ConversationLoader {
        ConversationLoader(redis: redis, postgres: pool, partitioning: partitioning, stateTTL: 60_000, loop: loop)
    }

    private func watch(_ redis: RedisConnection, _ pool: PostgresPool, _ loop: EventLoop) -> TimelineWatch {
        TimelineWatch(
            node: "test", postgres: pool, redis: redis, partitioning: partitioning,
            restored: MetricsRegistry().counter("restored_total", help: ""),
            log: Logger(level: .error, format: .logfmt, base: []), loop: loop)
    }

    private func promote(_ pool: PostgresPool) async throws {
        _ = try await pool.query("update parley_meta set value = '1/1' where key = 'timeline'")
    }

    private func users(_ pool: PostgresPool) async throws -> Set<UUID> {
        let rows = try await pool.query(
            "select user_id from participants where conversation_id = $1", [.uuid(Self.group)]
        ).rows
        return Set(rows.compactMap { $0.uuid(0) })
    }

    @Test func versionsJumpOnceAndNothingIsChangedBefore() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    guard case .known = try await KnownTimeline.look(pool) else {
                        Issue.record("the first timeline is no change")
                        return
                    }
                    try await makeGroup([Self.alice, Self.bob], pool)
                    let changes = ConversationChanges(postgres: pool, redis: redis, partitioning: partitioning)
                    _ = try await changes.make(.add(Self.carol), in: Self.group, by: Self.alice)
                    let version = "select version from conversations"
                    let before = try #require(try await pool.query(version).rows.first?.integer(0))
                    try await promote(pool)
                    // A version could be given that was given before.
                    await #expect(throws: PostgresError.self) {
                        try await changes.make(.remove(Self.carol), in: Self.group, by: Self.alice)
                    }
                    #expect(try await users(pool).contains(Self.carol))
                    for _ in 0..<2 { _ = try await KnownTimeline.look(pool) }
                    _ = try await changes.make(.remove(Self.carol), in: Self.group, by: Self.alice)
                    let after = try #require(try await pool.query(version).rows.first?.integer(0))
                    #expect(after > before + 1_000_000 && after < before + 2_000_000)
                }
            }
        }
    }

    @Test func aLostRemovalIsMadeAgain() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    _ = try await KnownTimeline.look(pool)
                    try await makeGroup([Self.alice, Self.bob], pool)
                    let changes = ConversationChanges(postgres: pool, redis: redis, partitioning: partitioning)
                    _ = try await changes.make(.remove(Self.bob), in: Self.group, by: Self.alice)
                    // As the message does that tells of it.
                    _ = await loader(redis, pool, loop).load(Self.group)
                    // The standby never heard of it.
                    _ = try await pool.query("update conversations set version = 1")
                    _ = try await pool.query(
                        "insert into participants (conversation_id, user_id, role) values ($1, $2, 'MEMBER')",
                        [.uuid(Self.group), .uuid(Self.bob)])
                    try await promote(pool)
                    await watch(redis, pool, loop).look()
                    #expect(try await users(pool) == [Self.alice])
                    let members = Membership(
                        redis: redis, bulk: redis, loader: loader(redis, pool, loop), partitioning: partitioning)
                    #expect(await members.check(Self.bob, in: Self.group) == .notMember)
                    guard case .known = try await KnownTimeline.look(pool) else {
                        Issue.record("it isn't done")
                        return
                    }
                }
            }
        }
    }

    @Test func aLostConversationAndItsKeyComeBack() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    _ = try await KnownTimeline.look(pool)
                    try await makeGroup([Self.alice, Self.bob], pool)
                    _ = await loader(redis, pool, loop).load(Self.group)
                    let key = Keys.dataKey(Self.group, partitioning.partition(of: Self.group))
                    _ = try await redis.call("SET", key, "2026-11 abc=")
                    _ = try await pool.query("delete from participants")
                    _ = try await pool.query("delete from conversations")
                    try await promote(pool)
                    await watch(redis, pool, loop).look()
                    #expect(try await users(pool) == [Self.alice, Self.bob])
                    let row = try await pool.query("select type, created_by, version from conversations").rows.first
                    #expect(row?.text(0) == "GROUP" && row?.uuid(1) == Self.alice)
                    #expect(row?.integer(2) ?? 0 > 1_000_000)
                    let wrapped = try await pool.query("select master, wrapped from data_keys").rows.first
                    #expect(wrapped?.text(0) == "2026-11" && wrapped?.text(1) == "abc=")
                }
            }
        }
    }

    /// Its pair has made another one meanwhile: both can't be.
    @Test func aPairKeepsItsNewConversation() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    _ = try await KnownTimeline.look(pool)
                    let store = ConversationStore(pool)
                    let pair = [Self.alice, Self.bob]
                    guard
                        case .created(let lost) = try await store.create(
                            .direct, title: nil, by: Self.alice, with: pair)
                    else {
                        Issue.record("it was there")
                        return
                    }
                    _ = await loader(redis, pool, loop).load(lost.id)
                    _ = try await pool.query("delete from participants")
                    _ = try await pool.query("delete from conversations")
                    _ = try await store.create(.direct, title: nil, by: Self.alice, with: pair)
                    let commits = LostCommits(postgres: pool, redis: redis, partitioning: partitioning)
                    #expect(try await commits.recover(lost.id) == .refused)
                    #expect(try await pool.query("select count(*) from conversations").rows.first?.integer(0) == 1)
                }
            }
        }
    }

    /// Nothing was lost: nothing is fenced, so that nobody has to load it again.
    @Test func whatIsWholeIsLeftInRedis() async throws {
        try await onLoop { loop in
            try await withRedis(loop) { redis, _ in
                try await withDatabase(loop) { _, pool in
                    _ = try await KnownTimeline.look(pool)
                    try await makeGroup([Self.alice, Self.bob], pool)
                    _ = await loader(redis, pool, loop).load(Self.group)
                    try await promote(pool)
                    await watch(redis, pool, loop).look()
                    let members = Keys.members(Self.group, partitioning.partition(of: Self.group))
                    #expect(try await redis.call("EXISTS", members).integer == 1)
                }
            }
        }
    }

    @Test func aLeaseIsOnesUntilItEnds() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                let one = PostgresLease("work", owner: "one", milliseconds: 60_000)
                let two = PostgresLease("work", owner: "two", milliseconds: 60_000)
                #expect(try await one.take(pool))
                #expect(try await !two.take(pool))
                #expect(try await one.take(pool))
                _ = try await pool.query("update leases set ends_at = now() - interval '1 second'")
                #expect(try await two.take(pool))
                try await one.giveBack(pool)
                #expect(try await !one.take(pool))
                try await two.giveBack(pool)
                #expect(try await one.take(pool))
            }
        }
    }
}
