import Testing

@testable import Gateway

@Suite struct WebSocketConnectionTests {
    private func run(_ connection: inout WebSocketConnection, _ bytes: [UInt8]) -> [WebSocketConnection.Action] {
        var buffer = bytes
        var available = 0..<bytes.count
        var actions: [WebSocketConnection.Action] = []
        while true {
            let action = connection.next(&buffer, &available)
            if action == .needMore { return actions }
            actions.append(action)
        }
    }

    private func make() -> WebSocketConnection { WebSocketConnection(maximumFrame: 1_000, maximumMessage: 1_000) }

    private func closeFrame(_ code: CloseCode, _ reason: String = "") -> [UInt8] {
        var frame: [UInt8] = []
        WebSocketEncoder.appendClose(code, reason: reason, to: &frame)
        return frame
    }

    @Test func aPingIsAnsweredWithItsPayload() {
        var connection = make()
        #expect(run(&connection, ClientFrame.make(9, [7, 8])) == [.send([0x8A, 2, 7, 8])])
        #expect(run(&connection, ClientFrame.make(10, [1, 2])) == [.pong([1, 2])])
    }

    @Test func aCloseIsEchoedOnce() {
        var connection = make()
        let bytes = ClientFrame.close(1001) + ClientFrame.text("late")
        #expect(run(&connection, bytes) == [.send(closeFrame(.goingAway)), .closed(1001)])
        #expect(!connection.isOpen)
        #expect(connection.close(.normal) == nil)
        #expect(run(&connection, ClientFrame.make(9, [])) == [])
    }

    @Test func aCloseWithoutACodeIsEchoedEmpty() {
        var connection = make()
        #expect(run(&connection, ClientFrame.make(8)) == [.send([0x88, 0]), .closed(1005)])
    }

    @Test func dataAfterOurCloseIsDropped() {
        var connection = make()
        #expect(connection.close(.serviceRestart, reason: "restart") == closeFrame(.serviceRestart, "restart"))
        #expect(connection.close(.normal) == nil)
        #expect(run(&connection, ClientFrame.text("late") + ClientFrame.make(9, [1])) == [])
        #expect(run(&connection, ClientFrame.close(1012)) == [.closed(1012)])
    }

    @Test func brokenProtocolIsToldThenClosed() {
        var connection = make()
        let actions = run(&connection, ClientFrame.text("a") + ClientFrame.make(3, []) + ClientFrame.text("b"))
        #expect(actions.count == 3)
        #expect(actions.first == .message(.inPlace(6..<7), isText: true))
        guard case .send(let frame) = actions[1] else { return #expect(Bool(false), "no close frame") }
        #expect(Array(frame[0..<4]) == [0x88, UInt8(frame.count - 2), 0x03, 0xEA])
        #expect(actions[2] == .closed(1002))
    }

    @Test func brokenProtocolAfterOurCloseJustCloses() {
        var connection = make()
        _ = connection.close(.normal)
        #expect(run(&connection, ClientFrame.make(3, [])) == [.closed(1002)])
    }
}
