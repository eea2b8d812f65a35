import Shared
import Testing

@Suite struct RedisEndpointTests {
    @Test func userAndPasswordAreDecoded() throws {
        let endpoint = try #require(RedisEndpoint(url: "redis://us%3Aer:p%40s%2Fs%25@host:7000/3"))
        #expect(endpoint.user == "us:er" && endpoint.password == "p@s/s%")
        #expect(endpoint.host == "host" && endpoint.port == 7_000 && endpoint.database == 3)
        // What isn't an escape stays: a plus is no space.
        #expect(RedisEndpoint(url: "redis://:a+b@host")?.password == "a+b")
        #expect(RedisEndpoint(url: "redis://:a@b@host")?.password == "a@b")
    }

    @Test(arguments: ["redis://:p%zz@host", "redis://:p%4@host", "redis://u%FF:p@host"])
    func malformedEscapesAreRefused(url: String) {
        #expect(RedisEndpoint(url: url) == nil)
    }
}
