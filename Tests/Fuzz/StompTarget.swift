import Shared

@testable import Gateway

/// STOMP frames and what they mean: the same frames and actions, however the stream was cut.
enum StompTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        guard let reads = Reads(input) else { return }
        let atOnce = actions([reads.whole[...]])
        expect(atOnce == actions(reads.pieces), "cutting the stream changes what is read")
        for case .subscribe(_, let destination, _, let frame, _, _) in atOnce {
            _ = Destination(destination)
            _ = frame.header("resume-after")
        }
    }

    /// Heart-beats are left out: several in one read are one. A frame that breaks two rules may be refused for either.
    private static func actions(_ pieces: [ArraySlice<UInt8>]) -> [StompAction] {
        let limits = StompLimits(headerCount: 16, headerBytes: 512, frame: 1_024, maximumSubscriptions: 4)
        var decoder = StompDecoder(limits: limits)
        var session = StompSession(limits: limits, offer: StompHeartBeatOffer(send: 10_000, expect: 10_000))
        var actions: [StompAction] = []
        for piece in pieces {
            let bytes = Array(piece)
            var available = 0..<bytes.count
            reading: while true {
                switch decoder.next(bytes, &available) {
                case .needMore: break reading
                case .heartBeat: continue
                case .failure: return actions + [.fail(StompFailure(.malformedFrame, ""))]
                case .frame(let frame):
                    actions.append(session.receive(frame))
                    decoder.version = session.version
                }
            }
        }
        return actions
    }
}
