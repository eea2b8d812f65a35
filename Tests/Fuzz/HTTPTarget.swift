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
            _ = request.headers.first("Content-Type").flatMap(MediaType.parse)
            if case .part(let part) = HTTPByteRange(request.headers.first("Range"), size: 1_000) {
                expect(!part.isEmpty && part.lowerBound >= 0 && part.upperBound <= 1_000, "a part of what isn't there")
            }
            let name = FileName.cleaned(request.path)
            expect(!name.isEmpty && name.utf8.count <= FileName.maximumBytes, "a name is empty or too long")
            expect(FileName.cleaned(name) == name, "a safe name is made safe again")
        }
    }

    /// `expectContinue` is left out: whether the client waits is seen by what has come in already. A failure is one whatever it
    /// says: of a line that is both too long and broken, what is seen first is told. What is streamed is put together again.
    private static func steps(_ pieces: [ArraySlice<UInt8>]) -> [HTTPRequestParser.Step] {
        var parser = HTTPRequestParser(limits: HTTPLimits(body: 4_096)) { $0.path.hasPrefix("/stream") }
        var steps: [HTTPRequestParser.Step] = []
        var streamed = HTTPRequest(method: "", path: "")
        var buffer: [UInt8] = []
        for piece in pieces {
            buffer += piece
            var available = 0..<buffer.count
            reading: while true {
                let step = parser.next(buffer, &available)
                switch step {
                case .needMore: break reading
                case .expectContinue, .announced: continue
                case .request: steps.append(step)
                case .streamed(let request, let length, _):
                    steps.append(.streamed(request, length: length, expectsContinue: false))
                    streamed = request
                case .content(let piece): streamed.body += buffer[piece]
                case .contentEnd: steps.append(.request(streamed))
                case .failure: return steps + [.failure(HTTPFailure(400, ""))]
                }
            }
            buffer.removeFirst(available.lowerBound)
        }
        return steps
    }
}
