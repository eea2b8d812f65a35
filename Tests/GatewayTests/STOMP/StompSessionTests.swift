import Testing

@testable import Gateway

@Suite struct StompSessionTests {
    private static let offer = StompHeartBeatOffer(send: 10_000, expect: 10_000)

    private func session(_ version: StompVersion = .v12, _ limits: StompLimits = StompLimits()) -> StompSession {
        var session = StompSession(limits: limits, offer: Self.offer)
        _ = session.receive(StompFrame(.connect, [("accept-version", version.text)]))
        return session
    }

    private func code(_ action: StompAction) -> String? {
        if case .fail(let failure) = action { failure.code } else { nil }
    }

    private func subscribe(_ id: String?, _ destination: String, _ more: [(String, String)] = []) -> StompFrame {
        StompFrame(.subscribe, (id.map { [("id", $0)] } ?? []) + [("destination", destination)] + more)
    }

    // MARK: CONNECT

    private func connect(_ headers: [(String, String)], _ command: StompCommand = .connect) -> StompAction {
        var session = StompSession(offer: Self.offer)
        return session.receive(StompFrame(command, headers))
    }

    private func connected(_ headers: [(String, String)]) -> StompConnect? {
        if case .connect(let connect) = connect(headers) { connect } else { nil }
    }

    @Test func serversMustTreatStompLikeConnect() {
        let headers = [("accept-version", "1.2"), ("host", "x")]
        #expect(connect(headers, .stomp) == connect(headers, .connect))
        #expect(connected(headers)?.version == .v12)
    }

    @Test func theHighestVersionInCommonWinsAndNoneMeans10() {
        #expect(connected([("accept-version", "1.2,1.1,1.0")])?.version == .v12)
        #expect(connected([("accept-version", "1.1,1.2")])?.version == .v12)
        #expect(connected([("accept-version", "1.0, 1.1,2.0")])?.version == .v11)
        #expect(connected([])?.version == .v10)
    }

    @Test func withoutACommonVersionTheErrorListsOurs() {
        guard case .fail(let failure) = connect([("accept-version", "1.3,2.0")]) else {
            Issue.record("accepted")
            return
        }
        #expect(failure.code == "unsupported-version")
        #expect(failure.headers.elementsEqual([("version", "1.2,1.1,1.0")]) { $0 == $1 })
    }

    @Test func heartBeatsAreTheLargerOfBothSidesAndZeroMeansNone() {
        func beats(_ value: String?) -> [Int64]? {
            let header = value.map { [("heart-beat", $0)] } ?? []
            return connected([("accept-version", "1.2")] + header).map { [$0.expectEvery, $0.sendEvery] }
        }
        #expect(beats("5000,20000") == [10_000, 20_000])
        #expect(beats("0,20000") == [0, 20_000])
        #expect(beats("30000,0") == [30_000, 0])
        #expect(beats("0,0") == [0, 0])
        #expect(beats(nil) == [0, 0])
        #expect(beats("9223372036854775807,1") == [86_400_000, 10_000])
        for value in ["", "1", "1,2,3", "a,b", "-1,0", "1, 2"] { #expect(beats(value) == nil, "\(value)") }
    }

    @Test func theFirstFrameMustBeConnectAndThereIsOnlyOne() {
        var fresh = StompSession(offer: Self.offer)
        #expect(code(fresh.receive(StompFrame(.send, [("destination", "/a")]))) == "not-connected")
        var connected = session()
        #expect(code(connected.receive(StompFrame(.connect, []))) == "already-connected")
    }

    @Test func afterAFailureNothingHasAnEffect() {
        var session = session()
        _ = session.receive(StompFrame(.connect, []))
        #expect(!session.isConnected)
        #expect(
            session.receive(StompFrame(.send, [("destination", "/a"), ("receipt", "1")])) == .handled(receipt: nil))
    }

    // MARK: SEND and bodies

    @Test func sendMustHaveADestinationAndCarriesItsReceipt() {
        var session = session()
        let frame = StompFrame(.send, [("destination", "/a"), ("receipt", "r")], body: [1])
        #expect(session.receive(frame) == .send(destination: "/a", frame: frame, receipt: "r"))
        #expect(code(session.receive(StompFrame(.send, [("destination", "")]))) == "missing-header")
    }

    @Test func onlySendMayHaveABody() {
        var session = session()
        let frame = StompFrame(.subscribe, [("id", "0"), ("destination", "/a")], body: [1])
        #expect(code(session.receive(frame)) == "unexpected-body")
    }

    @Test func anErrorNamesTheReceiptOfItsFrame() {
        var first = session()
        guard case .fail(let failure) = first.receive(StompFrame(.unknown, [("receipt", "r9")])) else {
            Issue.record("accepted")
            return
        }
        #expect(failure.code == "unknown-command")
        #expect(failure.receiptID == "r9")
        var second = session()
        let long = String(repeating: "x", count: 257)
        guard case .fail(let other) = second.receive(StompFrame(.send, [("destination", "/a"), ("receipt", long)]))
        else {
            Issue.record("accepted")
            return
        }
        #expect(other.code == "header-too-long")
        #expect(other.receiptID == nil)
    }

    // MARK: SUBSCRIBE

    @Test func subscribeMustHaveDestinationAndIdAndAckDefaultsToAuto() {
        var session = session()
        let frame = subscribe("0", "/a", [("receipt", "r")])
        #expect(
            session.receive(frame)
                == .subscribe(id: "0", destination: "/a", ackMode: .auto, frame: frame, hasID: true, receipt: "r"))
        #expect(code(session.receive(subscribe(nil, "/a"))) == "missing-header")
    }

    @Test(arguments: [("auto", StompAckMode.auto), ("client", .client), ("client-individual", .clientIndividual)])
    func ackModesAreTheThreeOfTheSpecification(_ value: String, _ mode: StompAckMode) {
        var session = session()
        guard case .subscribe(_, _, mode, _, _, _) = session.receive(subscribe("0", "/a", [("ack", value)])) else {
            Issue.record("refused")
            return
        }
        #expect(code(session.receive(subscribe("1", "/a", [("ack", "Auto")]))) == "unknown-ack-mode")
    }

    @Test func differentSubscriptionsMustUseDifferentIds() {
        var session = session()
        _ = session.receive(subscribe("0", "/a"))
        guard case .subscribe = session.receive(subscribe("1", "/a")) else {
            Issue.record("two subscriptions to one destination are fine")
            return
        }
        #expect(code(session.receive(subscribe("0", "/b"))) == "duplicate-subscription")
    }

    @Test func aSelectorIsToldToBeUnsupported() {
        var session = session()
        #expect(code(session.receive(subscribe("0", "/a", [("selector", "x = 1")]))) == "selector-not-supported")
    }

    @Test func tooManySubscriptionsAreRefusedAndTheConnectionLives() {
        var limits = StompLimits()
        limits.maximumSubscriptions = 1
        var session = session(.v12, limits)
        _ = session.receive(subscribe("0", "/a"))
        guard case .refuse(let failure) = session.receive(subscribe("1", "/b", [("receipt", "r")])) else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == "too-many-subscriptions")
        #expect(failure.receiptID == "r")
        session.dropSubscription("0")
        #expect(session.subscriptionCount == 0)
        guard case .subscribe = session.receive(subscribe("1", "/b")) else {
            Issue.record("refused")
            return
        }
    }

    @Test func unsubscribeMustHaveTheId() {
        var session = session()
        _ = session.receive(subscribe("0", "/a"))
        let frame = StompFrame(.unsubscribe, [("id", "0"), ("receipt", "r")])
        #expect(session.receive(frame) == .unsubscribe(id: "0", receipt: "r"))
        #expect(session.receive(frame) == .handled(receipt: "r"))
        #expect(code(session.receive(StompFrame(.unsubscribe, [("destination", "/a")]))) == "missing-header")
    }

    @Test func version10SubscribesAndUnsubscribesByDestination() {
        var session = session(.v10)
        let frame = subscribe(nil, "/a")
        #expect(
            session.receive(frame)
                == .subscribe(id: "/a", destination: "/a", ackMode: .auto, frame: frame, hasID: false, receipt: nil))
        _ = session.receive(subscribe("x", "/a"))
        let unsubscribe = StompFrame(.unsubscribe, [("destination", "/a")])
        #expect(session.receive(unsubscribe) == .unsubscribe(id: "/a", receipt: nil))
        #expect(session.receive(unsubscribe) == .unsubscribe(id: "x", receipt: nil))
        #expect(code(session.receive(StompFrame(.unsubscribe, []))) == "missing-header")
    }

    // MARK: ACK and NACK

    @Test func eachVersionNamesADeliveryInItsOwnWay() {
        let all = [("id", "3-4"), ("message-id", "m"), ("subscription", "s"), ("receipt", "r")]
        var v12 = session(.v12)
        #expect(v12.receive(StompFrame(.ack, all)) == .ack(.id("3-4"), receipt: "r"))
        #expect(v12.receive(StompFrame(.nack, all)) == .nack(.id("3-4"), receipt: "r"))
        #expect(code(v12.receive(StompFrame(.ack, [("message-id", "m"), ("subscription", "s")]))) == "missing-header")
        var v11 = session(.v11)
        #expect(v11.receive(StompFrame(.ack, all)) == .ack(.message(id: "m", subscription: "s"), receipt: "r"))
        #expect(v11.receive(StompFrame(.nack, all)) == .nack(.message(id: "m", subscription: "s"), receipt: "r"))
        #expect(code(v11.receive(StompFrame(.ack, [("message-id", "m")]))) == "missing-header")
        var v10 = session(.v10)
        #expect(v10.receive(StompFrame(.ack, all)) == .ack(.message(id: "m", subscription: nil), receipt: "r"))
        #expect(code(v10.receive(StompFrame(.nack, all))) == "unknown-command")
    }

    // MARK: DISCONNECT

    @Test func disconnectCarriesItsReceiptAndEndsEverything() {
        var session = session()
        #expect(session.receive(StompFrame(.disconnect, [("receipt", "77")])) == .disconnect(receipt: "77"))
        #expect(session.receive(StompFrame(.send, [("destination", "/a")])) == .handled(receipt: nil))
        #expect(session.receive(StompFrame(.connect, [])) == .handled(receipt: nil))
    }
}
