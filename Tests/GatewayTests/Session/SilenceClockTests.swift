import Testing

@testable import Gateway

@Suite struct SilenceClockTests {
    @Test func timeInWhichTheServerDoesNotReadDoesNotCount() {
        var clock = SilenceClock()
        #expect(clock.heard(1_000, 61_000) == 1_000)
        clock.listens(false, at: 2_000)
        #expect(clock.heard(1_000, 61_000) == 61_000, "not read for a minute, and nobody's fault but ours")
        clock.listens(true, at: 70_000)
        #expect(clock.heard(1_000, 71_000) == 70_000)
        #expect(clock.heard(72_000, 73_000) == 72_000)
    }

    @Test func aPongThatCouldNotBeReadIsNotMissed() {
        var clock = SilenceClock()
        clock.listens(false, at: 1_000)
        #expect(!clock.missesPong(sentAt: 5_000, timeout: 20_000, 900, 60_000))
        clock.listens(true, at: 60_000)
        #expect(!clock.missesPong(sentAt: 5_000, timeout: 20_000, 900, 79_999), "it has its whole time from here")
        #expect(clock.missesPong(sentAt: 5_000, timeout: 20_000, 900, 80_000))
        #expect(!clock.missesPong(sentAt: 5_000, timeout: 20_000, 60_001, 90_000))
    }

    @Test func aClientThatIsSilentIsCalledSo() {
        var clock = SilenceClock()
        clock.listens(true, at: 500)
        #expect(clock.missesPong(sentAt: 1_000, timeout: 20_000, 900, 21_000))
        #expect(!clock.missesPong(sentAt: 1_000, timeout: 20_000, 900, 20_999))
    }
}
