import Glibc
import Testing

@testable import Gateway
@testable import Shared

@Suite struct TurnedAwayTests {
    private let loop: EventLoop
    private let turnedAway: TurnedAway

    init() throws {
        loop = try EventLoop()
        turnedAway = TurnedAway(loop: loop, maximum: 2)
    }

    /// The two ends of a connection: ours, and a client's that says nothing.
    private func ends() throws -> (accepted: Socket.Accepted, client: Int32) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try SystemCall.checked("socketpair") { socketpair(AF_UNIX, type, 0, &ends) }
        return (Socket.Accepted(descriptor: ends[0], peer: nil), ends[1])
    }

    /// What the client of a connection that is turned away reads up to its end, without having said anything.
    private func answer(isSecure: Bool) throws -> [UInt8] {
        let (accepted, client) = try ends()
        let received = Confined(Received())
        let isEnded = loop.turn {
            turnedAway.take(accepted, isSecure: isSecure)
        } until: {
            received.value.readOn(client)
        }
        #expect(isEnded)
        leave([client])
        return received.value.bytes
    }

    /// Clients go, and nothing is left of them.
    private func leave(_ clients: [Int32]) {
        let turnedAway = turnedAway
        let isOver = loop.turn {
            for client in clients { SystemCall.close(client) }
        } until: {
            turnedAway.count == 0
        }
        #expect(isOver)
    }

    @Test func whoSaysNothingIsToldAtOnce() throws {
        let text = String(decoding: try answer(isSecure: false), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(text.contains("\r\nRetry-After: 5\r\n") && text.contains("\"number\":404"))
    }

    @Test func withTLSTheAnswerIsAnAlertWithoutAHandshake() throws {
        #expect(try answer(isSecure: true) == [21, 3, 3, 0, 2, 2, 80])
    }

    @Test func moreThanSoManyAreClosedWithoutAWord() throws {
        let pairs = try (0..<3).map { _ in try ends() }
        let last = Confined(Received())
        let isEnded = loop.turn {
            for pair in pairs { turnedAway.take(pair.accepted, isSecure: false) }
        } until: {
            last.value.readOn(pairs[2].client)
        }
        #expect(isEnded && last.value.bytes.isEmpty)
        #expect(turnedAway.count == 2)
        leave(pairs.map(\.client))
    }
}

/// What has come in.
private final class Received {
    var bytes: [UInt8] = []

    /// Reads what is there; whether that was the end.
    func readOn(_ descriptor: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while case .count(let count) = SystemCall.receive(descriptor, into: &buffer) {
            if count == 0 { return true }
            bytes += buffer[..<count]
        }
        return false
    }
}
