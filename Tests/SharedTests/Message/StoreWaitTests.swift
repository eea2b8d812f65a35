import Testing

@testable import Shared

@Suite struct StoreWaitTests {
    @Test func aSilentStoreIsNamedWithinTwoSeconds() {
        var wait = StoreWait(at: 0)
        wait.asks(.redis)
        wait.asks(.database)
        #expect(wait.problem(at: 1_250) == nil)
        #expect(wait.problem(at: 1_500) == "PARLEY_DATABASE_URL: no answer yet")
        #expect(wait.problem(at: 1_750) == nil)
        #expect(wait.problem(at: 6_500) == "PARLEY_DATABASE_URL: no answer yet")
    }

    @Test func whatWasHeardIsSaid() {
        var wait = StoreWait(at: 0)
        wait.asks(.redis)
        wait.failed(RedisError.unexpectedReply("H"))
        #expect(wait.problem(at: 2_000) == "PARLEY_REDIS_URL: unexpected reply: H")
    }

    @Test func beforeTheFirstAttemptHasEndedThereIsNoReason() {
        var wait = StoreWait(at: 0)
        wait.asks(.redis)
        wait.failed(RedisError.notConnected)
        #expect(wait.problem(at: 2_000) == "PARLEY_REDIS_URL: no answer yet")
    }

    @Test func theNextAttemptBlamesNobodyElse() {
        var wait = StoreWait(at: 0)
        wait.asks(.redis)
        wait.asks(.database)
        wait.failed(PostgresError.unreachable("it says nothing"))
        wait.asks(.redis)
        let expected = "PARLEY_DATABASE_URL: PostgreSQL can't be reached: it says nothing"
        #expect(wait.problem(at: 2_000) == expected)
        wait.asks(.database)
        #expect(wait.problem(at: 8_000) == expected)
    }

    @Test func whoGoesAwayMeanwhileIsBlamed() {
        var wait = StoreWait(at: 0)
        wait.asks(.redis)
        wait.asks(.database)
        wait.asks(.redis)
        wait.failed(RedisError.timeout)
        #expect(wait.problem(at: 2_000) == "PARLEY_REDIS_URL: no reply in time")
        wait.asks(.database)
        #expect(wait.problem(at: 8_000) == "PARLEY_DATABASE_URL: no answer yet")
    }
}
