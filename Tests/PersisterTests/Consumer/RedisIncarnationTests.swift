import Testing

@testable import Persister

@Suite struct RedisIncarnationTests {
    private func incarnation(_ run: String, _ replication: String) -> RedisIncarnation? {
        RedisIncarnation(
            server: "# Server\r\nredis_version:7.0.15\r\nrun_id:\(run)\r\nprocess_id:1\r\n",
            replication: "# Replication\r\nrole:master\r\nmaster_replid:\(replication)\r\nmaster_replid2:0\r\n")
    }

    @Test func aRestartAndAFailoverMakeAnother() {
        #expect(incarnation("a", "b") == incarnation("a", "b"))
        #expect(incarnation("a", "b") != incarnation("c", "b"))
        #expect(incarnation("a", "b") != incarnation("a", "c"))
        #expect(incarnation("a", "b")?.replication == "b")
        #expect(RedisIncarnation(server: "", replication: "") == nil)
    }
}
