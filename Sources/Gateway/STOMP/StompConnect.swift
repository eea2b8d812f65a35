internal import Shared

/// Heart-beats in milliseconds, 0 for none: what the server can send at most so often, and what it would like to get.
struct StompHeartBeatOffer: Sendable, Equatable {
    var send: Int64 = 0
    var expect: Int64 = 0
}

/// What CONNECT led to.
///
/// `login`, `passcode` and `host` are not part of it: who the client is was settled in the handshake.
struct StompConnect: Sendable, Equatable {
    /// A day (ms): longer intervals are as good as none, and arithmetic stays far from overflow.
    private static let longestInterval: Int64 = 86_400_000

    var version: StompVersion
    /// What the server offers, for the `heart-beat` header of CONNECTED.
    var offer: StompHeartBeatOffer
    /// So often (ms) the server has promised to send something; 0 for never.
    var sendEvery: Int64
    /// So often (ms) the client has promised to send something; 0 for never.
    var expectEvery: Int64

    /// Negotiates version and heart-beats (STOMP 1.2, "Protocol Negotiation" and "Heart-beating").
    static func negotiate(_ frame: StompFrame, _ offer: StompHeartBeatOffer) throws(StompFailure) -> StompConnect {
        guard let version = StompVersion.negotiate(frame.header("accept-version")) else {
            throw StompFailure(
                .unsupportedVersion, "None of the versions in accept-version is spoken here.",
                headers: [("version", StompVersion.list)])
        }
        guard version > .v10, let value = frame.headerBytes("heart-beat") else {
            return StompConnect(version: version, offer: offer, sendEvery: 0, expectEvery: 0)
        }
        let parts = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count == 2, let canSend = Decimal.parse(parts[0]), let wants = Decimal.parse(parts[1]) else {
            throw StompFailure(.malformedHeartBeat, "The heart-beat header must be two numbers of milliseconds.")
        }
        return StompConnect(
            version: version, offer: offer, sendEvery: interval(offer.send, wants),
            expectEvery: interval(canSend, offer.expect))
    }

    private static func interval(_ able: Int64, _ wanted: Int64) -> Int64 {
        able == 0 || wanted == 0 ? 0 : min(max(able, wanted), longestInterval)
    }
}
