import Shared
import Testing

@testable import Gateway

@Suite struct LaneTests {
    private let first = UUID(high: 1, low: 1)
    private let second = UUID(high: 2, low: 2)

    private func draft(_ id: String, in conversation: UUID? = nil, bytes: Int = 10, deadline: Int64 = 1_000) -> Draft {
        Draft(
            MessageJSON(
                conversation: conversation ?? first, sender: UUID(high: 9, low: 9), senderType: "USER",
                messageType: "TEXT", content: String(repeating: "x", count: bytes), clientMessageID: id),
            sender: UUID(high: 9, low: 9), clientMessageID: id, digest: [], deadline: deadline
        ) { _ in }
    }

    private func ids(_ drafts: [Draft]) -> [String] { drafts.map(\.clientMessageID) }

    @Test func oneBatchAtATime() {
        var lane = Lane()
        lane.append(draft("a"))
        lane.append(draft("b"))
        #expect(ids(lane.takeBatch()) == ["a", "b"])
        lane.append(draft("c"))
        #expect(lane.takeBatch().isEmpty)
        #expect(ids(lane.finishBatch()) == ["a", "b"])
        #expect(ids(lane.takeBatch()) == ["c"])
        _ = lane.finishBatch()
        #expect(lane.isEmpty && lane.takeBatch().isEmpty)
    }

    @Test func batchesAreBounded() {
        var lane = Lane()
        for number in 0..<100 { lane.append(draft("\(number)")) }
        #expect(lane.takeBatch().count == Lane.maximumMessages)
        _ = lane.finishBatch()
        #expect(lane.takeBatch().count == 100 - Lane.maximumMessages)
        _ = lane.finishBatch()
        for number in 0..<3 { lane.append(draft("\(number)", bytes: Lane.maximumBytes / 2)) }
        #expect(lane.takeBatch().count == 1)
        _ = lane.finishBatch()
        lane.append(draft("large", bytes: 2 * Lane.maximumBytes))
        #expect(ids(lane.takeBatch()) == ["1"])
        _ = lane.finishBatch()
        #expect(ids(lane.takeBatch()) == ["2"])
        _ = lane.finishBatch()
        #expect(ids(lane.takeBatch()) == ["large"], "one that is too large goes alone")
    }

    @Test func aKeptBatchGoesAgainWholeBeforeAnythingElse() {
        var lane = Lane()
        lane.append(draft("a"))
        _ = lane.takeBatch()
        lane.append(draft("b"))
        lane.keepBatch()
        #expect(ids(lane.takeBatch()) == ["a"])
        _ = lane.finishBatch()
        #expect(ids(lane.takeBatch()) == ["b"])
    }

    @Test func aColdConversationWaitsWithoutHoldingUpOthers() {
        var lane = Lane()
        for (id, conversation) in [("a1", first), ("b1", second), ("a2", first)] {
            lane.append(draft(id, in: conversation))
        }
        let batch = lane.takeBatch()
        lane.append(draft("a3", in: first))
        _ = lane.finishBatch()
        // The script said cold to both.
        let isFirst = lane.park(batch[0])
        let isSecond = lane.park(batch[2])
        #expect(isFirst && !isSecond)
        lane.append(draft("a4", in: first))
        lane.append(draft("b2", in: second))
        #expect(ids(lane.takeBatch()) == ["b2"])
        _ = lane.finishBatch()
        lane.append(draft("b3", in: second))
        lane.prepend(lane.unpark(first))
        #expect(ids(lane.takeBatch()) == ["a1", "a2", "a3", "a4", "b3"])
    }

    /// What comes while a conversation is laid aside comes behind what came before and still waits.
    @Test func whatComesLaterStaysBehindWhatWaits() {
        var lane = Lane()
        lane.append(draft("a1", in: first))
        _ = lane.takeBatch()
        lane.append(draft("a2", in: first))
        // The answer comes in, and in the same turn another message.
        for draft in lane.finishBatch() { _ = lane.park(draft) }
        lane.append(draft("a3", in: first))
        #expect(lane.takeBatch().isEmpty)
        lane.prepend(lane.unpark(first))
        #expect(ids(lane.takeBatch()) == ["a1", "a2", "a3"])
    }

    @Test func whatIsLaidAsideAgainComesBeforeWhatWasBehindIt() {
        var lane = Lane()
        var drafts = (1...3).map { draft("a\($0)", in: first) }
        for position in drafts.indices { drafts[position].loads = 1 }
        lane.prepend([draft("b1", in: second)])
        lane.prepend(drafts)
        // Only so many fit into a batch; the others wait in front.
        var again = drafts[0]
        again.loads = 2
        lane.prepend([again])
        #expect(ids(lane.takeBatch()) == ["b1", "a1", "a1", "a2", "a3"])
    }

    /// In a cold start each conversation's first message waits for its load; what comes back goes first, each in its order.
    @Test func loadedConversationsGoBeforeWhatWaits() {
        var lane = Lane()
        for number in 0..<200 { lane.append(draft("later\(number)", in: second)) }
        let cold = (0..<3).map { UUID(high: 7, low: UInt64($0)) }
        for conversation in cold {
            _ = lane.park(draft("1", in: conversation))
            _ = lane.park(draft("2", in: conversation))
        }
        for conversation in cold { lane.prepend(lane.unpark(conversation)) }
        let batch = lane.takeBatch()
        #expect(ids(Array(batch.prefix(7))) == ["1", "2", "1", "2", "1", "2", "later0"])
        #expect(batch.prefix(6).map(\.conversation) == cold.flatMap { [$0, $0] })
        _ = lane.finishBatch()
        lane.prepend([draft("late", deadline: 50)])
        #expect(ids(lane.removeExpired(at: 100)) == ["late"])
    }

    @Test func whatHasPassedItsDeadlineIsTakenOutUnlessACallTellsItsOutcome() {
        var lane = Lane()
        lane.append(draft("flying", deadline: 10))
        _ = lane.takeBatch()
        lane.append(draft("late", deadline: 20))
        lane.append(draft("early", deadline: 500))
        _ = lane.park(draft("parked", in: second, deadline: 20))
        #expect(ids(lane.removeExpired(at: 100)).sorted() == ["late", "parked"])
        lane.keepBatch(mayBeAccepted: true)
        let expired = lane.removeExpired(at: 100)
        #expect(ids(expired) == ["flying"] && expired[0].mayBeAccepted)
        #expect(ids(lane.takeBatch()) == ["early"])
    }

    @Test func onlyACallWithoutAnswerLeavesADoubt() {
        var lane = Lane()
        lane.append(draft("message"))
        _ = lane.takeBatch()
        lane.keepBatch()
        #expect(!lane.takeBatch()[0].mayBeAccepted)
        lane.keepBatch(mayBeAccepted: true)
        #expect(lane.takeBatch()[0].mayBeAccepted)
        lane.keepBatch()
        #expect(lane.takeBatch()[0].mayBeAccepted)
    }
}

@Suite struct AcceptCallTests {
    @Test func answersInTheirOrder() {
        let numbers: [Int64] = [
            99, 0, 42, 41, 1, 40, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0, 7, 0, 0, 8, 0, 0, 9, 43, 2, 10, 0,
            0,
        ]
        let reply = RedisReply.array(numbers.map { .integer($0) })
        #expect(
            AcceptCall.answers(in: reply, count: 11) == [
                .accepted(42), .repeated(40), .cold, .refused(.notFound), .refused(.archived), .refused(.full),
                .refused(.exhausted), .refused(.corrupt), .refused(.conflict), .forked(43),
                .archivedByAge,
            ])
        #expect(AcceptCall.answers(in: reply, count: 7) == nil)
        #expect(AcceptCall.answers(in: .array([.integer(1), .integer(11), .integer(0), .integer(0)]), count: 1) == nil)
        #expect(AcceptCall.answers(in: .status("OK"), count: 0) == nil)
    }
}
