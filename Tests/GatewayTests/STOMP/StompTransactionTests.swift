import Testing

@testable import Gateway

@Suite struct StompTransactionTests {
    private func session(_ limits: StompLimits = StompLimits()) -> StompSession {
        var session = StompSession(limits: limits, offer: StompHeartBeatOffer())
        _ = session.receive(StompFrame(.connect, [("accept-version", "1.2")]))
        return session
    }

    private func frame(_ command: StompCommand, _ transaction: String, _ more: [(String, String)] = []) -> StompFrame {
        StompFrame(command, [("transaction", transaction)] + more)
    }

    private func code(_ action: StompAction) -> String? {
        if case .fail(let failure) = action { failure.code } else { nil }
    }

    @Test func commitYieldsTheHeldFramesInOrder() {
        var session = session()
        #expect(session.receive(frame(.begin, "t", [("receipt", "1")])) == .handled(receipt: "1"))
        let first = frame(.send, "t", [("destination", "/a"), ("receipt", "2")])
        #expect(session.receive(first) == .handled(receipt: "2"))
        #expect(session.receive(frame(.ack, "t", [("id", "0-1")])) == .handled(receipt: nil))
        #expect(session.receive(frame(.nack, "t", [("id", "0-2")])) == .handled(receipt: nil))
        let outside = StompFrame(.send, [("destination", "/b")])
        #expect(session.receive(outside) == .send(destination: "/b", frame: outside, receipt: nil))
        let held: [StompAction] = [
            .send(destination: "/a", frame: first, receipt: nil), .ack(.id("0-1"), receipt: nil),
            .nack(.id("0-2"), receipt: nil),
        ]
        #expect(session.receive(frame(.commit, "t", [("receipt", "3")])) == .commit(held, receipt: "3"))
        #expect(code(session.receive(frame(.commit, "t"))) == "unknown-transaction")
    }

    @Test func abortDropsTheHeldFramesAndFreesTheName() {
        var session = session()
        _ = session.receive(frame(.begin, "t"))
        _ = session.receive(frame(.send, "t", [("destination", "/a")]))
        #expect(session.receive(frame(.abort, "t", [("receipt", "1")])) == .handled(receipt: "1"))
        #expect(session.receive(frame(.begin, "t")) == .handled(receipt: nil))
        #expect(session.receive(frame(.commit, "t")) == .commit([], receipt: nil))
    }

    @Test func transactionsMustBeNamedAndDifferent() {
        var first = session()
        _ = first.receive(frame(.begin, "t"))
        #expect(code(first.receive(frame(.begin, "t"))) == "duplicate-transaction")
        for command in [StompCommand.begin, .commit, .abort] {
            var other = session()
            #expect(code(other.receive(StompFrame(command, []))) == "missing-header")
        }
    }

    @Test func aFrameOfAnUnknownTransactionFails() {
        var first = session()
        #expect(code(first.receive(frame(.send, "t", [("destination", "/a")]))) == "unknown-transaction")
        var second = session()
        #expect(code(second.receive(frame(.abort, "t"))) == "unknown-transaction")
    }

    @Test func whatIsHeldIsBounded() {
        var limits = StompLimits()
        limits.maximumTransactions = 2
        limits.transactionFrames = 2
        limits.transactionBytes = 150
        var many = session(limits)
        _ = many.receive(frame(.begin, "a"))
        _ = many.receive(frame(.begin, "b"))
        #expect(code(many.receive(frame(.begin, "c"))) == "too-many-transactions")

        var frames = session(limits)
        _ = frames.receive(frame(.begin, "a"))
        _ = frames.receive(frame(.begin, "b"))
        #expect(frames.receive(frame(.ack, "a", [("id", "1")])) == .handled(receipt: nil))
        #expect(frames.receive(frame(.ack, "b", [("id", "2")])) == .handled(receipt: nil))
        #expect(code(frames.receive(frame(.ack, "a", [("id", "3")]))) == "transaction-too-large")

        var bytes = session(limits)
        _ = bytes.receive(frame(.begin, "a"))
        let large = StompFrame(
            .send, [("transaction", "a"), ("destination", "/a")], body: Array(repeating: 1, count: 130))
        #expect(code(bytes.receive(large)) == "transaction-too-large")
    }

    @Test func endingATransactionFreesItsShare() {
        var limits = StompLimits()
        limits.transactionFrames = 1
        limits.transactionBytes = 40
        var session = session(limits)
        for _ in 0..<3 {
            _ = session.receive(frame(.begin, "a"))
            #expect(session.receive(frame(.send, "a", [("destination", "/a")])) == .handled(receipt: nil))
            guard case .commit(let held, _) = session.receive(frame(.commit, "a")) else {
                Issue.record("not committed")
                return
            }
            #expect(held.count == 1)
        }
    }
}
