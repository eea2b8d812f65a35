import Shared
import Testing

@testable import Gateway

@Suite struct CursorFlushTests {
    private static func id(_ number: UInt64) -> UUID { UUID(high: 7, low: number) }

    private func moves(_ users: [UInt64], _ position: EventID) -> [CursorBacklog.Move] {
        users.map { number in
            CursorBacklog.Move(
                conversation: Self.id(1), user: Self.id(number),
                position: Cursors.Position(delivered: position, read: position))
        }
    }

    private func makeConversation(_ users: [UInt64], _ pool: PostgresPool) async throws {
        _ = try await pool.query(
            "insert into conversations (id, type, created_by) values ($1, 'GROUP', $1)", [.uuid(Self.id(1))])
        _ = try await pool.query(
            """
            insert into participants (conversation_id, user_id, role) select $1, u, 'MEMBER' from unnest($2::uuid[]) as u
            """, [.uuid(Self.id(1)), .uuids(users.map(Self.id))])
    }

    /// Both have a row and wait for the one in the middle; who then had the other's first would wait for ever.
    @Test func twoThatWriteTheSameRowsTheOtherWayRoundDontDeadlock() async throws {
        try await onLoop { loop in
            try await withDatabase(loop) { _, pool in
                try await makeConversation([1, 2, 3], pool)
                var outcomes: [String] = []
                try await pool.transaction { connection throws(PostgresError) in
                    _ = try await connection.query(
                        "select from participants where user_id = $1 for update", [.uuid(Self.id(2))])
                    for users in [[1, 2, 3] as [UInt64], [3, 2, 1]] {
                        loop.spawn {
                            do throws(PostgresError) {
                                try await CursorFlush.write(moves(users, users[0] == 1 ? 10 : 20), pool)
                                outcomes.append("written")
                            } catch {
                                outcomes.append("\(error)")
                            }
                        }
                    }
                    let areWaiting = try? await eventually(loop) {
                        try await pool.query(
                            "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
                        ).rows.count == 2
                    }
                    #expect(areWaiting == true)
                }
                #expect(try await eventually(loop) { outcomes.count == 2 })
                #expect(outcomes == ["written", "written"])
                let rows = try await pool.query("select delivered_id, read_id from participants").rows
                #expect(rows.allSatisfy { $0.integer(0) == 20 && $0.integer(1) == 20 })
            }
        }
    }

    @Test func aPieceThatFailsIsRepeatedByItself() async throws {
        try await onLoop { loop in
            var written: [[CursorBacklog.Move]] = []
            var failures = 1
            let flush = CursorFlush(on: loop) { moves throws(PostgresError) in
                written.append(moves)
                guard written.count == 2, failures > 0 else { return }
                failures -= 1
                throw .timeout
            }
            for number in 0..<3_000 as Range<UInt64> {
                flush.add(Cursors.Position(delivered: 5, read: 5), of: Self.id(number), in: Self.id(1))
            }
            await flush.flush()
            #expect(written.map(\.count) == [1_000, 1_000, 1_000])
            await flush.flush()
            #expect(written.count == 4 && written[3] == written[1])
            await flush.flush()
            #expect(written.count == 4)
        }
    }

    /// The end of a process flushes what has come while a flush was under way, and waits for both.
    @Test func flushesComeOneAfterTheOther() async throws {
        try await onLoop { loop in
            var underWay = 0
            var most = 0
            var written = 0
            let flush = CursorFlush(on: loop) { moves throws(PostgresError) in
                underWay += 1
                most = max(most, underWay)
                await loop.sleep(milliseconds: 20)
                underWay -= 1
                written += moves.count
            }
            flush.add(Cursors.Position(delivered: 5, read: 5), of: Self.id(1), in: Self.id(1))
            loop.spawn { await flush.flush() }
            await loop.sleep(milliseconds: 5)
            flush.add(Cursors.Position(delivered: 6, read: 6), of: Self.id(2), in: Self.id(1))
            await flush.flush()
            #expect(written == 2 && most == 1)
        }
    }

    @Test func nobodyIsAskedForEachPieceWhileNobodyIsThere() async throws {
        try await onLoop { loop in
            var calls = 0
            let flush = CursorFlush(on: loop) { moves throws(PostgresError) in
                calls += 1
                throw .unreachable("away")
            }
            for number in 0..<5_000 as Range<UInt64> {
                flush.add(Cursors.Position(delivered: 5, read: 5), of: Self.id(number), in: Self.id(1))
            }
            await flush.flush()
            #expect(calls == 1)
        }
    }
}
