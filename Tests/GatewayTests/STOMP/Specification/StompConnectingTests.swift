import Testing

@testable import Gateway

/// Each MUST of the sections on connecting, negotiating and heart-beats, which STOMP 1.1 and 1.2 share.
@Suite struct StompConnectingTests {
    private func connect(_ headers: String, _ command: String = "CONNECT") -> StompConnect? {
        var conversation = StompConversation()
        guard case .connect(let connect) = conversation.say("\(command)\n\(headers)\n^").first else { return nil }
        return connect
    }

    private func connected(_ headers: String) -> String {
        var output: [UInt8] = []
        guard let connect = connect(headers) else { return "" }
        StompEncoder.appendConnected(connect, session: "s", server: "parley/1", userName: "u", to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("CONNECT or STOMP Frame: servers MUST handle STOMP in the same manner as CONNECT")
    func stompIsConnect() {
        let headers = "accept-version:1.1,1.2\nhost:x\nheart-beat:1,2\n"
        #expect(connect(headers, "STOMP") != nil)
        #expect(connect(headers, "STOMP") == connect(headers))
    }

    @Test(
        "CONNECTED Frame: servers MUST set version",
        arguments: [("1.0,1.1,2.0", "1.1"), ("1.2,1.1", "1.2"), ("1.0", "1.0")])
    func connectedHasTheVersion(_ offered: String, _ chosen: String) {
        #expect(connected("accept-version:\(offered)\nhost:x\n").hasPrefix("CONNECTED\nversion:\(chosen)\n"))
    }

    @Test("CONNECTED Frame: the server field MUST contain a server-name")
    func connectedHasTheServersName() {
        #expect(connected("accept-version:1.2\nhost:x\n").contains("\nserver:parley/1\n"))
    }

    @Test("Protocol Negotiation: without accept-version the client only supports 1.0")
    func withoutAListIs10() {
        #expect(connect("login:x\n")?.version == .v10)
    }

    @Test("Protocol Negotiation: without a common version the server answers with ERROR and its versions")
    func noCommonVersion() {
        var conversation = StompConversation()
        guard case .fail(let failure) = conversation.say("CONNECT\naccept-version:2.1,1.3\nhost:x\n\n^").first else {
            Issue.record("accepted")
            return
        }
        var output: [UInt8] = []
        StompEncoder.appendError(failure, version: .v12, to: &output)
        #expect(String(decoding: output, as: UTF8.self).contains("\nversion:1.2,1.1,1.0\n"))
    }

    @Test("Protocol Negotiation: what was agreed on holds for the rest of the session")
    func theVersionHolds() {
        var v11 = StompConversation(.v11)
        #expect(v11.refusal("SEND\ndestination:/a\nk:\\r\n\n^") == "undefined-escape")
        var v10 = StompConversation(.v10)
        #expect(v10.sent("SEND\ndestination:/a\nk:\\r\\t\n\n^")?.header("k") == "\\r\\t")
    }

    @Test(
        "Heart-beating: the header MUST contain two positive integers separated by a comma",
        arguments: [
            "", "1", "1,", ",1", "1,2,3", "a,b", "-1,0", "1.5,0", "1 2",
        ])
    func malformedHeartBeats(_ value: String) {
        var conversation = StompConversation()
        #expect(
            conversation.refusal("CONNECT\naccept-version:1.2\nhost:x\nheart-beat:\(value)\n\n^")
                == "malformed-heart-beat")
    }

    @Test("Heart-beating: a missing header MUST be treated the same way as 0,0")
    func missingHeartBeats() {
        #expect(
            connect("accept-version:1.2\nhost:x\n") == connect("accept-version:1.2\nhost:x\nheart-beat:0,0\n"))
    }

    @Test(
        "Heart-beating: the larger interval of both sides, none where one is 0",
        arguments: [
            ("5000,20000", 10_000, 20_000), ("0,20000", 0, 20_000), ("30000,0", 30_000, 0),
        ])
    func intervals(_ value: String, _ expect: Int64, _ send: Int64) {
        let agreed = connect("accept-version:1.1\nhost:x\nheart-beat:\(value)\n")
        #expect(agreed?.expectEvery == expect)
        #expect(agreed?.sendEvery == send)
    }

    @Test("Heart-beating: the sender MUST send new data at least every n milliseconds")
    func heartBeatsAreSentInTime() {
        var monitor = HeartBeatMonitor(sendEvery: 10_000, expectEvery: 0)
        monitor.sent(at: 0)
        guard case .fine(let next) = monitor.check(1) else {
            Issue.record("not fine at once")
            return
        }
        #expect(next <= 10_000)
        #expect(monitor.check(next) == .sendHeartBeat)
    }

    @Test("Heart-beating: the receiver SHOULD be tolerant, any new data is a sign of life")
    func theReceiverIsTolerant() {
        var monitor = HeartBeatMonitor(sendEvery: 0, expectEvery: 10_000)
        monitor.received(at: 0)
        #expect(monitor.check(60_000) != .missed)
        monitor.received(at: 60_000)
        #expect(monitor.check(120_000) != .missed)
        #expect(monitor.check(200_000) == .missed)
    }
}
