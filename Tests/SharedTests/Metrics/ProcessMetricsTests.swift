import Testing

@testable import Shared

@Suite struct ProcessMetricsTests {
    @Test func readsTheKernelsText() throws {
        let text =
            "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 4 0 987654 12345678 2048"
            + " 18446744073709551615 1\n"
        let statistics = try #require(ProcessStatistics(stat: Array(text.utf8)))
        #expect(statistics.cpuTicks == 200 && statistics.startTicks == 987_654 && statistics.residentPages == 2048)
    }

    @Test(arguments: ["", "42 (a) S 1", "42", ")"])
    func refusesOtherTexts(text: String) {
        #expect(ProcessStatistics(stat: Array(text.utf8)) == nil)
    }

    @Test func findsWhenTheMachineBegan() {
        #expect(
            ProcessStatistics.bootTime(stat: Array("cpu 1 2\nbtime 1735689600\nprocesses 5\n".utf8)) == 1_735_689_600)
        #expect(ProcessStatistics.bootTime(stat: []) == nil)
    }

    @Test func showsThisProcess() throws {
        let registry = MetricsRegistry()
        registry.observeProcess()
        var values: [String: Double] = [:]
        for line in String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            if !line.hasPrefix("#"), parts.count == 2 { values[String(parts[0])] = Double(parts[1]) }
        }
        #expect(try #require(values["process_resident_memory_bytes"]) > 1_000_000)
        #expect(try #require(values["process_open_fds"]) >= 3)
        #expect(try #require(values["process_cpu_seconds_total"]) >= 0)
        let start = try #require(values["process_start_time_seconds"])
        let now = Double(WallClock.nowMilliseconds()) / 1000
        #expect(start > now - 86400 && start <= now + 2)
    }
}
