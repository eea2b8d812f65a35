@testable import Gateway

/// Decoder and session together, fed with what a client writes: `^` stands for NUL, as in the specifications.
struct StompConversation {
    private var decoder = StompDecoder()
    private var session: StompSession

    init(_ version: StompVersion? = nil) {
        session = StompSession(offer: StompHeartBeatOffer(send: 10_000, expect: 10_000))
        switch version {
        case nil: break
        case .v10: _ = say("CONNECT\n\n^")
        case .some(let version): _ = say("CONNECT\naccept-version:\(version.text)\nhost:x\n\n^")
        }
    }

    /// What the text leads to; heart-beats are left out.
    mutating func say(_ text: String) -> [StompAction] {
        let bytes = text.utf8.map { $0 == UInt8(ascii: "^") ? 0 : $0 }
        var available = 0..<bytes.count
        var actions: [StompAction] = []
        while true {
            switch decoder.next(bytes, &available) {
            case .needMore: return actions
            case .heartBeat: break
            case .failure(let failure): return actions + [.fail(failure)]
            case .frame(let frame):
                actions.append(session.receive(frame))
                decoder.version = session.version
            }
        }
    }

    /// The code with which the text is refused; nil where it isn't.
    mutating func refusal(_ text: String) -> String? {
        for action in say(text) {
            if case .fail(let failure) = action { return failure.code }
        }
        return nil
    }

    /// The first SEND that the text leads to.
    mutating func sent(_ text: String) -> StompFrame? {
        for action in say(text) {
            if case .send(_, let frame, _) = action { return frame }
        }
        return nil
    }
}
