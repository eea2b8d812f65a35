import Testing

@testable import Shared

@Suite struct MigrationTests {
    @Test func anIndexIsReadFromItsStatement() throws {
        let index = try #require(
            ConcurrentIndex("create index concurrently t_a\n  on t (a, b)\n    where a > 0"))
        #expect(index.name == "t_a" && index.table == "t" && !index.isUnique)
        #expect(index.definition == "(a, b)\n    where a > 0")
        #expect(index.on("t_03").name == "t_03_a" && index.on("t_03").table == "t_03")
        #expect(ConcurrentIndex("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")?.isUnique == true)
        #expect(ConcurrentIndex("create index concurrently i on t (a)")?.on("t_1").name == "t_1_i")
    }

    @Test(
        arguments: [
            "create index i on t (a)", "create table t (a int)", "create index concurrently on t (a)",
            "create index concurrently i on t", "create index concurrently i on t using gin (a)", "",
        ])
    func otherStatementsAreNone(statement: String) {
        #expect(ConcurrentIndex(statement) == nil)
    }

    @Test func versionsFollowEachOther() {
        #expect(Migration.all.map(\.version) == Array(1...Int64(Migration.all.count)))
        #expect(Migration.all.allSatisfy { $0.compatibleFrom <= $0.version })
        #expect(
            Migration.all.dropLast().allSatisfy {
                $0.version > Migration.firstRelease || $0.compatibleFrom == $0.version
            })
    }

    /// An older gateway restarts beside tables that a newer one has changed.
    @Test func tablesSayWhomTheyFit() {
        let known = Array(Migration.all.prefix(5))
        var state = SchemaState()
        for version in 1...5 as ClosedRange<Int64> { state.add(version, compatibleFrom: version) }
        #expect(state.problem(known) == nil && state.missing(known) == nil)
        state.add(6, compatibleFrom: 5)
        #expect(state.problem(known) == nil && state.missing(known) == nil)
        state.add(7, compatibleFrom: 6)
        #expect(state.problem(known) == .incompatible(needed: 6, known: 5))
        #expect(state.problem(Migration.all) == nil)
    }

    /// Two branches may each bring one: the lower number may come later.
    @Test func whatIsMissingInBetweenIsFound() {
        var state = SchemaState()
        for migration in Migration.all where migration.version != 6 {
            state.add(migration.version, compatibleFrom: migration.compatibleFrom)
        }
        #expect(state.missing(Migration.all)?.version == 6)
    }
}
