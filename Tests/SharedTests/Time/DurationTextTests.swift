import Shared
import Testing

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("500ms", 500), ("10s", 10000), ("5m", 300_000), ("12h", 43_200_000), ("7d", 604_800_000), ("0s", 0),
        ("9223372036854775807ms", Int64.max),
    ])
    func reads(text: String, milliseconds: Int64) {
        #expect(DurationText.parse(text) == milliseconds)
    }

    @Test(arguments: [
        "", "10", "s", "ms", "-1s", "+1s", "1.5s", "10 s", " 10s", "10s ", "10S", "10sec", "1h30m", "10µs", "１０s",
        "9223372036854775808ms", "9223372036854775807s", "99999999999999999999d",
    ])
    func refuses(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1ms"), (1500, "1500ms"), (90000, "90s"), (60000, "1m"), (86_400_000, "1d"),
            (43_200_000, "12h"), (-5000, "-5s"),
        ] as [(Int64, String)])
    func writesTheLargestWholeUnit(milliseconds: Int64, text: String) {
        #expect(DurationText.format(milliseconds: milliseconds) == text)
    }

    @Test func readsWhatItWrites() {
        for milliseconds in [0, 1, 999, 1000, 59999, 60000, 3_600_001, 604_800_000, Int64.max] {
            #expect(DurationText.parse(DurationText.format(milliseconds: milliseconds)) == milliseconds)
        }
    }
}
