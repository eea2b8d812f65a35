/// Requests to an S3 store: signed, and tried again where that can help.
///
/// Confined to its loop.
final class S3Client {
    /// A request to the bucket, or to what is under a key.
    struct Call {
        var method: String
        var key: String?
        var query: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var content = HTTPCall.Content.none
        /// The content's SHA-256 in hexadecimal digits, where there is a content.
        var digest = S3Signer.emptyPayload
        /// Whether the response lasts as long as its reader.
        var isStreamed = false
        /// How long (ms) it may take in any case, while the store sends something.
        var patience: Int64 = 0
    }

    /// Requests are tried so often at most.
    private static let attempts = 6
    /// Pauses (ms) between them double from the first to the last, and each is drawn between half and the whole.
    private static let firstPause: Int64 = 200
    private static let lastPause: Int64 = 5_000
    /// Within so many times the store's timeout.
    private static let patience: Int64 = 3
    /// The slowest store that is waited for, in bytes a second.
    private static let lowestRate: Int64 = 256 << 10
    /// Contents of documents, in bytes.
    private static let documentLimit = 8 << 20

    let location: S3Location
    private let credentials: S3CredentialSource
    private let timeout: Int64
    private let http: HTTPClient
    private let loop: EventLoop
    /// Files that are on their way there.
    private let gate: Gate
    private let retried: () -> Void

    /// `timeout` (ms) is how long the store may be silent; so many contents are `sent` at a time; `retried` is called
    /// whenever a request is tried again.
    init(
        _ location: S3Location, _ credentials: S3CredentialSource, timeout: Int64, sent limit: Int, http: HTTPClient,
        on loop: EventLoop, retried: @escaping () -> Void
    ) {
        self.location = location
        self.credentials = credentials
        self.timeout = timeout
        self.http = http
        self.loop = loop
        self.retried = retried
        gate = Gate(limit)
    }

    /// The response to a request that succeeded, at some attempt.
    func send(_ call: Call) async throws(S3Error) -> HTTPReply {
        try await retrying { () throws(S3Error) in try await self.sendInTurn(call) }
    }

    /// The document that a request is answered with; where it is an error in spite of the status, that is thrown.
    func document(_ call: Call) async throws(S3Error) -> XMLElement {
        try await retrying { () throws(S3Error) in
            let reply = try await self.sendOnce(call)
            let content = try await Self.content(reply)
            guard let root = XMLElement.parse(content) else {
                throw .unexpected("no document comes with \(reply.status)")
            }
            guard root.name != "Error" else {
                throw .refused(S3Refusal(status: reply.status, headers: reply.headers, content: content))
            }
            return root
        }
    }

    // MARK: Attempts

    private func retrying<Value>(_ body: () async throws(S3Error) -> Value) async throws(S3Error) -> Value {
        let end = MonotonicClock.nowMilliseconds() + Self.patience * timeout
        var attempt = 1
        while true {
            let problem: S3Error
            do throws(S3Error) {
                return try await body()
            } catch {
                problem = error
            }
            let bound = min(Self.lastPause, Self.firstPause << Int64(attempt - 1))
            let pause = Int64.random(in: bound / 2...bound)
            guard problem.isPassing, attempt < Self.attempts, MonotonicClock.nowMilliseconds() + pause < end else {
                throw problem
            }
            attempt += 1
            retried()
            await loop.sleep(milliseconds: pause)
        }
    }

    /// Contents wait for their turn, but not for longer than all attempts may take.
    private func sendInTurn(_ call: Call) async throws(S3Error) -> HTTPReply {
        guard call.content.count > 0 else { return try await sendOnce(call) }
        let end = MonotonicClock.nowMilliseconds() + Self.patience * timeout
        await gate.enter()
        defer { gate.leave() }
        guard MonotonicClock.nowMilliseconds() < end else { throw .busy }
        return try await sendOnce(call)
    }

    private func sendOnce(_ call: Call) async throws(S3Error) -> HTTPReply {
        let signer = S3Signer(try await credentials.current(), region: location.region)
        let request = S3Signer.Request(
            method: call.method, host: location.host, path: location.path(call.key), query: call.query,
            headers: call.headers)
        // Over TLS nobody can change a content on its way.
        let payload = location.isSecure && call.content.count > 0 ? S3Signer.unsignedPayload : call.digest
        let added = signer.headers(request, payload: payload, at: WallClock.nowMilliseconds())
        let usual = 2 * timeout + Int64(call.content.count) * 1_000 / Self.lowestRate
        let total = call.isStreamed ? nil : max(usual, call.patience)
        let deadlines = HTTPDeadlines(connect: min(5_000, timeout), idle: timeout, total: total)
        let reply: HTTPReply
        do throws(HTTPCallError) {
            reply = try await http.send(
                HTTPCall(
                    method: call.method,
                    url: (location.isSecure ? "https://" : "http://") + location.host + request.target,
                    headers: call.headers + added, content: call.content, deadlines: deadlines))
        } catch {
            throw .unreachable(error)
        }
        guard !(200..<300).contains(reply.status) else { return reply }
        // Without its content an answer still has its status.
        let content = (try? await reply.content(limit: Self.documentLimit)) ?? []
        throw .refused(S3Refusal(status: reply.status, headers: reply.headers, content: content))
    }

    private static func content(_ reply: HTTPReply) async throws(S3Error) -> [UInt8] {
        do throws(HTTPCallError) {
            return try await reply.content(limit: documentLimit)
        } catch {
            throw .unreachable(error)
        }
    }
}
