import Testing

@testable import Shared

@Suite struct MetricsTests {
    private func text(_ registry: MetricsRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

    @Test func writesFamiliesOnce() {
        let registry = MetricsRegistry()
        let text1 = registry.counter("frames_total", help: "Frames.", labels: [("kind", "text"), ("loop", "0")])
        let binary = registry.counter("frames_total", help: "Frames.", labels: [("kind", "binary"), ("loop", "0")])
        let open = registry.gauge("connections", help: "Open\nones \\ \"all\".")
        registry.observe("lag_seconds", help: "Lag.", labels: [("p", "1")]) { 0.25 }
        registry.observe("turns_total", help: "Turns.", type: .counter) { 3 }
        text1.increment()
        text1.increment(by: 2)
        binary.increment()
        open.set(5)
        open.add(-7)
        #expect(
            text(registry) == """
                # HELP frames_total Frames.
                # TYPE frames_total counter
                frames_total{kind="text",loop="0"} 3
                frames_total{kind="binary",loop="0"} 1
                # HELP connections Open\\nones \\\\ "all".
                # TYPE connections gauge
                connections -2
                # HELP lag_seconds Lag.
                # TYPE lag_seconds gauge
                lag_seconds{p="1"} 0.25
                # HELP turns_total Turns.
                # TYPE turns_total counter
                turns_total 3

                """)
    }

    @Test func writesHistograms() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram(
            "call_seconds", help: "Calls.", labels: [("to", "redis")], buckets: [0.001, 0.5, 1])
        for value in [0.001, 0.25, 0.5, 2, .nan] { histogram.observe(value) }
        histogram.observe(milliseconds: 750)
        #expect(
            text(registry) == """
                # HELP call_seconds Calls.
                # TYPE call_seconds histogram
                call_seconds_bucket{to="redis",le="0.001"} 1
                call_seconds_bucket{to="redis",le="0.5"} 3
                call_seconds_bucket{to="redis",le="1"} 4
                call_seconds_bucket{to="redis",le="+Inf"} 5
                call_seconds_sum{to="redis"} 3.501
                call_seconds_count{to="redis"} 5

                """)
    }

    @Test func writesBareHistograms() {
        let registry = MetricsRegistry()
        _ = registry.histogram("x", help: "X.", buckets: [])
        #expect(text(registry).hasSuffix("histogram\nx_bucket{le=\"+Inf\"} 0\nx_sum 0\nx_count 0\n"))
    }

    @Test func escapesLabels() {
        let registry = MetricsRegistry()
        _ = registry.gauge("g", help: "G.", labels: [("l", "a\"b\\c\nd}")])
        #expect(text(registry).hasSuffix("\ng{l=\"a\\\"b\\\\c\\nd}\"} 0\n"))
    }

    @Test func sameNameAndLabelsAreTheSameMetric() {
        let registry = MetricsRegistry()
        #expect(registry.counter("a_total", help: "A.") === registry.counter("a_total", help: "A."))
        #expect(
            registry.counter("a_total", help: "A.")
                !== registry.counter("a_total", help: "A.", labels: [("l", "1")]))
    }

    @Test(arguments: [
        (1.0, "1"), (-0.5, "-0.5"), (.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (1e300, "1e+300"),
        (1_735_689_600.25, "1735689600.25"),
    ])
    func writesNumbers(value: Double, text: String) {
        #expect(Exposition.number(value) == text)
    }

    @Test(arguments: [("a_b9", true), ("9a", false), ("", false), ("a-b", false), ("ä", false)])
    func knowsNames(name: String, isName: Bool) {
        #expect(Exposition.isName(name) == isName)
    }

    @Test func countsFromManyThreads() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("c_total", help: "C.")
        let histogram = registry.histogram("h", help: "H.", buckets: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10000 {
                        counter.increment()
                        histogram.observe(0.5)
                    }
                }
            }
        }
        #expect(counter.value == 80000)
        #expect(histogram.snapshot.cumulative == [80000, 80000] && histogram.snapshot.sum == 40000)
    }
}
