import Testing

@testable import Persister

@Suite struct ReadPaceTests {
    private let all = Array(0..<64)

    /// Reads once, of streams of which some hold entries without end; returns how many bytes came.
    private func read(_ pace: inout ReadPace, busy: Set<Int>, size: Int) -> Int {
        let requests = pace.requests(all)
        var counts: [Int: Int] = [:]
        for request in requests {
            for partition in request.partitions where busy.contains(partition) { counts[partition] = request.count }
        }
        let bytes = counts.values.reduce(0, +) * size
        pace.came(counts, bytes: bytes, for: requests)
        return bytes
    }

    @Test func whateverHasPiledUpARoundIsBounded() {
        for size in [300, 18_000, 64_000] {
            var pace = ReadPace(rows: 1_000, bytes: 8 << 20)
            for round in 0..<40 {
                let bytes = read(&pace, busy: Set(all), size: size)
                #expect(bytes <= 10 << 20, "round \(round), entries of \(size)")
            }
        }
    }

    /// One busy stream must not make the next read ask for as much of each.
    @Test func afterOneBusyStreamAllOfThemAreBoundedToo() {
        var pace = ReadPace(rows: 1_000, bytes: 8 << 20)
        for _ in 0..<20 { _ = read(&pace, busy: [7], size: 300) }
        #expect(pace.requests(all).first == ReadPace.Request(partitions: [7], count: 1_000))
        for _ in 0..<2 {
            let bytes = read(&pace, busy: Set(all), size: 300)
            #expect(bytes <= 2_000 * 300)
        }
    }

    @Test func beginsLowAndReachesWhatIsWanted() {
        var pace = ReadPace(rows: 1_000, bytes: 8 << 20)
        #expect(pace.requests(all) == [ReadPace.Request(partitions: all, count: 1)])
        for _ in 0..<8 { _ = read(&pace, busy: Set(all), size: 300) }
        #expect(pace.limit == 1_000)
        pace.failed()
        #expect(pace.limit == 16 && !pace.hasMore(all))
    }

    /// Streams with as many as were asked for don't keep the others waiting, nor wait for them.
    @Test func busyStreamsAreReadApart() {
        var pace = ReadPace(rows: 1_000, bytes: 8 << 20)
        #expect(!pace.hasMore(all))
        for _ in 0..<10 { _ = read(&pace, busy: [1, 2], size: 300) }
        let requests = pace.requests(all)
        #expect(requests.map(\.partitions) == [[1, 2], all.filter { ![1, 2].contains($0) }])
        #expect(requests.map(\.count) == [500, 16])
        #expect(pace.hasMore(all) && !pace.hasMore([3]))
        pace.came([1: 3], bytes: 900, for: requests)
        #expect(pace.requests(all).map(\.partitions) == [all])
    }
}
