import Shared
import Testing

@testable import Persister

@Suite struct PersisterConfigTests {
    @Test func hasTheDocumentedDefaults() throws {
        let config = try PersisterConfig.read(environment: ["PARLEY_MAX_CONNECTIONS": "5"])
        #expect(config.batchRows == 1000 && config.lease == 10000 && config.shutdownTimeout == 10000)
        #expect(config.id == nil && config.operatorListen == nil)
        #expect(config.common.partitions == 64)
    }

    @Test func refusesALeaseThatACommitOutlasts() {
        let error = #expect(throws: ConfigErrors.self) {
            try PersisterConfig.read(environment: ["PARLEY_DATABASE_TIMEOUT": "10s"])
        }
        #expect(
            error?.problems == [
                "PARLEY_LEASE: must be above PARLEY_DATABASE_TIMEOUT: a slow commit would lose the partition"
            ])
    }

    @Test func documentsItsOwnSettings() {
        let variables = PersisterConfig.settings.map(\.variable)
        #expect(variables.contains("PARLEY_LEASE") && variables.contains("PARLEY_REDIS_URL"))
        #expect(!variables.contains("PARLEY_LISTEN"))
    }
}
