import Shared
import Testing

@testable import Gateway

@Suite struct HeadQueueTests {
    private static let partitions = 64

    private func ids(_ count: Int) -> [UUID] { (0..<count).map { _ in UUID.random() } }

    /// What comes of a queue in which each call is answered 5 ms later.
    private struct Run {
        var calls = 0
        var conversations = 0
        var largest = 0
        var mostUnderWay = 0
        var milliseconds: Int64 = 0
    }

    private func run(_ queue: inout HeadQueue, from start: Int64 = 0, failing: Bool = false, until end: Int64) -> Run {
        var result = Run()
        var underWay: [(batch: HeadQueue.Batch, answer: Int64)] = []
        for now in start..<end {
            for (batch, answer) in underWay where answer == now {
                queue.finished(batch, failed: failing, at: now)
                if failing { for one in batch.conversations { queue.add(one, partition: batch.partition, .active) } }
            }
            underWay.removeAll { $0.answer == now }
            while let batch = queue.next(at: now) {
                result.calls += 1
                result.conversations += batch.conversations.count
                result.largest = max(result.largest, batch.conversations.count)
                underWay.append((batch, now + 5))
                result.milliseconds = now - start
            }
            result.mostUnderWay = max(result.mostUnderWay, underWay.count)
        }
        return result
    }

    @Test func thirtyThousandConversationsAreFewPacedCalls() {
        var queue = HeadQueue(partitions: Self.partitions)
        for (place, one) in ids(30_000).enumerated() { queue.add(one, partition: place % Self.partitions, .active) }
        let result = run(&queue, until: 20_000)
        #expect(result.conversations == 30_000)
        #expect(result.calls <= 30_000 / HeadQueue.batchSize + Self.partitions)
        #expect(result.largest == HeadQueue.batchSize)
        #expect(result.mostUnderWay == HeadQueue.maximumPaced)
        #expect(result.milliseconds >= Int64((result.calls - HeadQueue.burst) * 1_000 / HeadQueue.callsPerSecond))
        #expect(queue.count == 0)
    }

    /// A remedy that makes more load where it fails keeps what it should mend from mending.
    @Test func whatFailsIsAskedAgainLaterAndNoMoreOften() {
        var queue = HeadQueue(partitions: Self.partitions)
        for (place, one) in ids(30_000).enumerated() { queue.add(one, partition: place % Self.partitions, .active) }
        let failed = run(&queue, failing: true, until: 60_000)
        #expect(queue.count == 30_000, "nothing is forgotten, and nothing waits twice")
        #expect(failed.calls <= 12 * HeadQueue.maximumPaced, "calls fail together, and the pause doubles")
        let mended = run(&queue, from: 60_000, until: 100_000)
        #expect(mended.conversations == 30_000)
        #expect(mended.calls <= 30_000 / HeadQueue.batchSize + 2 * Self.partitions)
        #expect(queue.count == 0)
    }

    @Test func whatIsAskedTwiceGoesOnce() {
        var queue = HeadQueue(partitions: 1)
        let one = UUID.random()
        for urgency in [HeadQueue.Urgency.active, .quiet, .awaited, .active] { queue.add(one, partition: 0, urgency) }
        let batch = queue.next(at: 0)
        #expect(batch == .init(partition: 0, conversations: [one], isAwaited: true))
        #expect(queue.next(at: 0) == nil)
        #expect(queue.count == 0)
    }

    @Test func theMoreUrgentGoFirstAndTakeOthersAlong() {
        var queue = HeadQueue(partitions: 2)
        let (quiet, active, awaited, beside) = (UUID.random(), UUID.random(), UUID.random(), UUID.random())
        queue.add(quiet, partition: 0, .quiet)
        queue.add(active, partition: 0, .active)
        queue.add(beside, partition: 1, .quiet)
        queue.add(awaited, partition: 1, .awaited)
        #expect(queue.next(at: 0) == .init(partition: 1, conversations: [awaited, beside], isAwaited: true))
        #expect(queue.next(at: 0) == .init(partition: 0, conversations: [active, quiet], isAwaited: false))
    }

    @Test func whoIsWaitedForDoesntAskTheBucket() {
        var queue = HeadQueue(partitions: 1)
        var batches: [HeadQueue.Batch] = []
        for one in ids(HeadQueue.burst) {
            queue.add(one, partition: 0, .quiet)
            if let batch = queue.next(at: 0) { queue.finished(batch, failed: false, at: 0) }
        }
        queue.add(UUID.random(), partition: 0, .quiet)
        #expect(queue.next(at: 0) == nil, "the bucket is empty")
        #expect(queue.nextMoment(at: 0) == 10)
        queue.add(UUID.random(), partition: 0, .awaited)
        if let batch = queue.next(at: 0) { batches.append(batch) }
        #expect(batches.first?.conversations.count == 2)
    }

    @Test func whatIsForgottenIsNotAsked() {
        var queue = HeadQueue(partitions: 1)
        let one = UUID.random()
        queue.add(one, partition: 0, .quiet)
        queue.remove(one)
        #expect(queue.next(at: 0) == nil)
        #expect(!queue.contains(one))
    }

    @Test func aRoundVisitsEachOnce() {
        var sweep = Sweep(calls: 10)
        let all = Set(ids(5_000))
        let taken = (0..<10).map { _ in sweep.next { all } }
        #expect(taken.allSatisfy { $0.count == 500 } && Set(taken.joined()) == all)
        let none = sweep.next { Set<UUID>() }
        #expect(none.isEmpty)
    }
}
