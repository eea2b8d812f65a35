@testable import Gateway
@testable import Shared

/// Requests: what is read of a stream doesn't depend on how it was cut, and what follows from a request (its query, the
/// handshake) can be asked of anything.
enum HTTPTarget {
    static func run(_ input: ArraySlice<UInt8>) {
        guard let reads = Reads(input) else { return }
        let atOnce = steps([reads.whole[...]])
        expect(atOnce == steps(reads.pieces), "cutting the stream changes what is read")
        for case .request(let request) in atOnce {
            _ = HTTPQuery(request.query)
            _ = WebSocketHandshake.accept(request)
            _ = request.headers.first("Authorization").flatMap(JwtHandshakeInterceptor.bearerToken)
        }
    }

    /// `expectContinue` is left out: whether the client waits is seen by what has come in already. A failure is one whatever it
    /// says: of a line that is both too long and broken, what is seen first is told.
    private static func steps(_ pieces: [ArraySlice<UInt8>]) -> [HTTPRequestParser.Step] {
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 4_096))
        var steps: [HTTPRequestParser.Step] = []
        var buffer: [UInt8] = []
        for piece in pieces {
            buffer += piece
            var available = 0..<buffer.count
            reading: while true {
                let step = parser.next(buffer, &available)
                switch step {
                case .needMore: break reading
                case .expectContinue: continue
                case .request: steps.append(step)
                case .failure: return steps + [.failure(HTTPFailure(400, ""))]
                }
            }
            buffer.removeFirst(available.lowerBound)
        }
        return steps
    }
}
