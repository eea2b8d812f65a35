import Testing

@testable import Shared

@Suite struct PostgresEndpointTests {
    private func endpoint(_ url: String) throws -> PostgresEndpoint { try PostgresEndpoint(url: url, name: "test") }

    @Test func severalServersAreTakenApart() throws {
        let servers = try endpoint("postgresql://u:p@a:5433,[2001:db8::1],b/db").servers
        #expect(servers.map(\.host) == ["a", "2001:db8::1", "b"] && servers.map(\.port) == ["5433", nil, nil])
        let shared = try endpoint("postgresql:///db?host=a,b&port=7000").servers
        #expect(shared.map(\.host) == ["a", "b"] && shared.map(\.port) == ["7000", "7000"])
        let addressed = try endpoint("postgresql:///db?host=a,b&hostaddr=10.0.0.1,10.0.0.2").servers
        #expect(addressed.map(\.address) == ["10.0.0.1", "10.0.0.2"] && addressed.allSatisfy { $0.name == nil })
        let socket = try endpoint("postgresql:///db?host=/run/postgresql").servers
        #expect(socket.map(\.host) == ["/run/postgresql"] && socket[0].name == nil)
        #expect(try endpoint("postgresql:///db").servers == [.init()])
        #expect(try endpoint("postgresql://a/db").servers[0].name == "a")
    }

    @Test func aServerThatTakesWritesIsLookedForUnlessTheURLSaysOtherwise() throws {
        #expect(try endpoint("postgresql://a,b/db").parameters["target_session_attrs"] == "primary")
        let asked = try endpoint("postgresql://a/db?target_session_attrs=read-write&keepalives_idle=60")
        #expect(asked.parameters["target_session_attrs"] == "read-write")
        #expect(asked.parameters["keepalives_idle"] == "60" && asked.parameters["tcp_user_timeout"] == "25000")
    }

    /// PostgreSQL takes the later one of two settings.
    @Test func optionsOfTheURLComeLast() throws {
        let deadlines = PostgresDeadlines(.query, timeout: 5_000)
        let own = try endpoint("postgresql://a/db?options=-c%20statement_timeout%3D1s")
        let options = try #require(own.parameters(for: own.servers[0], deadlines)["options"])
        #expect(options == deadlines.options + " -c statement_timeout=1s")
    }

    @Test(
        arguments: [
            "postgresql://parley:Secr%et-Pa55@a/db", "postgresql://parley:Secr@et-Pa55@a/db",
            "postgresql://parley:Secr/et-Pa55@a/db",
            "postgresql://parley:Secr:et-Pa55@a:x/db", "postgresql://parley:Secr[et-Pa55@[a/db",
            "postgresql://parley@a/db?password=Secr%et-Pa55", "postgresql://parley@a/db?passwort=Secret-Pa55",
            "host=a password='Secret-Pa55", "host=a password Secret-Pa55", "postgresql://parley:Secr\"et\"-Pa55%@a/db",
        ])
    func noErrorHoldsThePassword(url: String) {
        do throws(PostgresError) {
            _ = try PostgresEndpoint(url: url, name: "test")
            Issue.record("it was taken")
        } catch {
            #expect(!error.description.contains("Pa55") && !error.description.contains("Secr"), "\(error)")
        }
    }

    @Test func deadlinesFitTheirPurpose() {
        let query = PostgresDeadlines(.query, timeout: 5_000)
        #expect(query.statement == 5_000 && query.lock == 4_000 && query.patience == 6_250)
        #expect(query.idleInTransaction == 10_000)
        #expect(PostgresDeadlines(.load, timeout: 5_000).lock == 2_500)
        #expect(PostgresDeadlines(.sweep, timeout: 5_000).statement == 60_000)
        #expect(PostgresDeadlines(.sweep, timeout: 60_000).statement == 600_000)
        let migration = PostgresDeadlines(.migration, timeout: 5_000)
        #expect(migration.statement == 0 && migration.patience == 0 && migration.lock == 2_000)
        #expect(PostgresDeadlines(.index, timeout: 5_000).lock == 0)
        // Without a bound where one was meant: 0 is none.
        #expect(PostgresDeadlines(.load, timeout: 1).lock == 1)
    }
}
