import Testing

@testable import Gateway

@Suite struct DescriptorBudgetTests {
    /// Of 20,000 one loop leaves 19,664: 256 for those who are sent away, 64 for the process, 16 for the loop.
    @Test(arguments: [
        (15_000, 20_000, 1, 15_000), (1_000_000, 20_000, 1, 19_664), (1_000_000, 20_000, 8, 19_552),
        (1_000_000, Int.max, 8, 1_000_000), (15_000, 256, 1, 1), (5, 0, 256, 1),
    ])
    func clientsGetWhatTheRestDoesNotNeed(wanted: Int, limit: Int, loops: Int, connections: Int) {
        #expect(DescriptorBudget(wanted: wanted, limit: limit, loops: loops).connections == connections)
    }
}
