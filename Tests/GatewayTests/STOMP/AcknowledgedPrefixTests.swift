import Testing

@testable import Gateway
@testable import Shared

@Suite struct AcknowledgedPrefixTests {
    private func brought(_ events: EventID...) -> (AcknowledgedPrefix, [EventID: EventID]) {
        var prefix = AcknowledgedPrefix()
        var previous: [EventID: EventID] = [:]
        for event in events { previous[event] = prefix.bring(event) }
        return (prefix, previous)
    }

    @Test func whatWaitsHoldsBackWhatIsBehindIt() {
        var (prefix, before) = brought(1, 2, 3, 4, 5, 6)
        let moves = [
            prefix.acknowledge(beforeWaiting: before[2]), prefix.acknowledge(beforeWaiting: before[2]),
            prefix.acknowledge(beforeWaiting: before[5]), prefix.acknowledge(beforeWaiting: nil),
        ]
        #expect(moves == [1, nil, 4, 6])
    }

    @Test func nothingPassesWhatWasRefused() {
        var (prefix, before) = brought(1, 2, 3, 4, 5, 6)
        prefix.refuse(before: before[3] ?? .zero)
        let moves = [
            prefix.acknowledge(beforeWaiting: before[1]), prefix.acknowledge(beforeWaiting: before[2]),
            prefix.acknowledge(beforeWaiting: before[5]), prefix.acknowledge(beforeWaiting: nil),
        ]
        #expect(moves == [nil, 1, 2, nil])
    }

    @Test func whatComesTooLateForItsPlaceHoldsEverythingBack() {
        var (prefix, before) = brought(1, 5, 3)
        #expect(before[3] == .zero)
        let whileItWaits = prefix.acknowledge(beforeWaiting: before[3])
        #expect(whileItWaits == nil)
        let then = prefix.acknowledge(beforeWaiting: nil)
        #expect(then == 5)
    }

    /// One message stays unacknowledged, a million others are acknowledged: nothing may be kept of them.
    @Test func whatIsAcknowledgedBehindOneThatWaitsIsNotKept() {
        #expect(MemoryLayout<AcknowledgedPrefix>.size <= 24 && _isPOD(AcknowledgedPrefix.self))
    }

    /// Against the plain rule, by sets: the highest acknowledged event below all that wait or were refused.
    @Test(arguments: 0..<200)
    func everyOrderOfAcksMovesAsThePlainRuleDoes(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var prefix = AcknowledgedPrefix()
        var window = AckWindow<(event: Int64, before: EventID)>(
            subscription: 1, mode: .clientIndividual, capacity: 1_000)
        var waiting: Set<Int64> = []
        var acknowledged: Set<Int64> = []
        var refused: Set<Int64> = []
        var moved = EventID.zero
        var next: Int64 = 0
        for _ in 0..<100 {
            if waiting.isEmpty || Bool.random(using: &random) {
                next += Int64.random(in: 1...3, using: &random)
                _ = window.deliver((next, prefix.bring(EventID(rawValue: next) ?? .zero)))
                waiting.insert(next)
                continue
            }
            guard let event = waiting.sorted().randomElement(using: &random) else { continue }
            waiting.remove(event)
            let item = window.settle { $0.event == event }
            if Int.random(in: 0..<20, using: &random) == 0 {
                refused.insert(event)
                prefix.refuse(before: item[0].before)
                continue
            }
            acknowledged.insert(event)
            moved = prefix.acknowledge(beforeWaiting: window.first { _ in true }?.before) ?? moved
            let limit = waiting.union(refused).min() ?? .max
            let expected = acknowledged.filter { $0 < limit }.max() ?? 0
            #expect(moved == EventID(rawValue: expected))
        }
    }
}
