import Testing

@testable import Gateway

@Suite struct DescriptorBudgetTests {
    /// Of 20,000 one loop leaves 18,640: 256 for those who are sent away, 1,024 for transfers, 64 for the process, 16 for the loop.
    @Test(arguments: [
        (15_000, 20_000, 1, 15_000), (1_000_000, 20_000, 1, 18_640), (1_000_000, 20_000, 8, 18_528),
        (1_000_000, Int.max, 8, 1_000_000), (15_000, 1_024, 1, 816), (15_000, 256, 1, 144), (5, 0, 256, 1),
    ])
    func clientsGetWhatTheRestDoesNotNeed(wanted: Int, limit: Int, loops: Int, connections: Int) {
        #expect(DescriptorBudget(wanted: wanted, limit: limit, loops: loops).connections == connections)
    }

    @Test func anS3StoreNeedsSomeOnEachLoop() {
        let budget = DescriptorBudget(wanted: 1_000_000, limit: 20_000, loops: 2, hasRemoteFiles: true)
        #expect(budget.connections == 18_640 - 16 - 2 * 32)
    }

    @Test(arguments: [(20_000, 256, 1_024), (1_024, 64, 64), (256, 16, 16), (0, 1, 1)])
    func whereThereAreFewEachUseGetsAPart(limit: Int, turnedAway: Int, transfers: Int) {
        let budget = DescriptorBudget(wanted: 15_000, limit: limit, loops: 1)
        #expect((budget.turnedAway, budget.transfers) == (turnedAway, transfers))
    }
}
