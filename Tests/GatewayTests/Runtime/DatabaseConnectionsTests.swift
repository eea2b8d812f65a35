import Testing

@testable import Gateway

@Suite struct DatabaseConnectionsTests {
    @Test(arguments: [(1, 4, 4), (2, 4, 4), (4, 4, 4), (8, 2, 2), (16, 2, 1), (64, 2, 1)])
    func moreLoopsHaveFewerEach(loops: Int, essential: Int, reading: Int) {
        let connections = DatabaseConnections(loops: loops)
        #expect(connections.essential == essential && connections.reading == reading)
    }
}
