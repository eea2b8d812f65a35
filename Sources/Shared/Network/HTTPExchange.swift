internal import CCurl

/// One request and its response: what libcurl's callbacks for it do.
///
/// Confined to its loop. The callbacks only move bytes; libcurl is called from elsewhere.
final class HTTPExchange {
    /// So many bytes of the response may wait for its reader; then nothing more is read from the server.
    private static let capacity = 256 << 10
    /// Bytes of a head.
    private static let headLimit = 64 << 10

    private enum Outcome {
        case whole
        case failed(HTTPCallError)
    }

    let handle: UnsafeMutableRawPointer
    private let client: HTTPClient
    private let loop: EventLoop
    private let idle: Int64
    private var idleTimer: TimerID?
    /// When something moved last (monotonic ms).
    private var movedAt: Int64
    private let fields: UnsafeMutablePointer<curl_slist>?
    private let source: HTTPSource

    private var status = 0
    private var headers = HTTPHeaders()
    private var headBytes = 0
    private var headIsWhole = false
    private var pieces = Queue<[UInt8]>()
    private var waitingBytes = 0
    /// Whether libcurl reads no more of the response until it is told to.
    private var isPaused = false
    private var outcome: Outcome?
    private var reader: CheckedContinuation<Void, Never>?

    /// nil where libcurl has no handle for it.
    init?(_ call: HTTPCall, client: HTTPClient, on loop: EventLoop) {
        guard let handle = curl_easy_init() else { return nil }
        self.handle = handle
        self.client = client
        self.loop = loop
        idle = call.deadlines.idle
        movedAt = MonotonicClock.nowMilliseconds()
        source = HTTPSource(call.content, on: loop)
        fields = call.headers.reduce(nil) { list, field in curl_slist_append(list, "\(field.name): \(field.value)") }
        source.more = { [weak self] in self?.goOn() }
        configure(call)
        watchIdle(for: idle)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(fields)
    }

    private func configure(_ call: HTTPCall) {
        let options: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0),
            // Who is given up while their server's address is looked for doesn't wait for that thread.
            (CURLOPT_QUICK_EXIT, 1),
            // What is paused in HTTP/2 holds up the others on its connection.
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)), (CURLOPT_PATH_AS_IS, 1),
            (CURLOPT_CONNECTTIMEOUT_MS, Int(call.deadlines.connect)),
            (CURLOPT_TIMEOUT_MS, Int(call.deadlines.total ?? 0)), (CURLOPT_BUFFERSIZE, 64 << 10),
            (CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10),
        ]
        for (option, value) in options { parley_curl_set_long(handle, option, value) }
        parley_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        parley_curl_set_text(handle, CURLOPT_URL, call.url)
        parley_curl_set_text(handle, CURLOPT_CUSTOMREQUEST, call.method)
        parley_curl_set_list(handle, CURLOPT_HTTPHEADER, fields)
        let context = Unmanaged.passUnretained(self).toOpaque()
        switch call.content {
        case .none: if call.method == "HEAD" { parley_curl_set_long(handle, CURLOPT_NOBODY, 1) }
        case .bytes, .file:
            parley_curl_set_long(handle, CURLOPT_UPLOAD, 1)
            parley_curl_set_size(handle, CURLOPT_INFILESIZE_LARGE, Int64(call.content.count))
            parley_curl_set_reader(
                handle, { bytes, size, count, context in HTTPExchange.of(context)?.give(bytes, size * count) ?? 0 },
                context)
        }
        parley_curl_set_header_taker(
            handle, { bytes, size, count, context in HTTPExchange.of(context)?.takeField(bytes, size * count) ?? 0 },
            context)
        parley_curl_set_writer(
            handle, { bytes, size, count, context in HTTPExchange.of(context)?.takeContent(bytes, size * count) ?? 0 },
            context)
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPExchange? {
        context.map { Unmanaged<HTTPExchange>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Callbacks

    private func give(_ bytes: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int {
        movedAt = loop.now
        return switch source.read(UnsafeMutableRawBufferPointer(start: bytes, count: capacity)) {
        case .bytes(let count): count
        case .later: Int(CURL_READFUNC_PAUSE)
        case .broken: Int(CURL_READFUNC_ABORT)
        }
    }

    private func takeField(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        movedAt = loop.now
        headBytes += count
        guard headBytes <= Self.headLimit else { return 0 }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // An interim response may have come before.
            status = Int(parley_curl_status(handle))
            headers = HTTPHeaders()
        } else if let colon = line.firstIndex(of: ":") {
            headers.add(String(line[..<colon]), Self.trimmed(line[line.index(after: colon)...]))
        } else if status >= 200 {
            headIsWhole = true
            wake()
        }
        return count
    }

    private static func trimmed(_ value: Substring) -> String {
        String(value.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    private func takeContent(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard waitingBytes < Self.capacity else {
            isPaused = true
            return Int(CURL_WRITEFUNC_PAUSE)
        }
        movedAt = loop.now
        pieces.append(Array(UnsafeRawBufferPointer(start: bytes, count: count)))
        waitingBytes += count
        wake()
        return count
    }

    // MARK: Life

    /// Takes how libcurl says that it has ended.
    func finish(_ result: CURLcode) {
        end(result == CURLE_OK ? .whole : .failed(HTTPCallError(description: source.problem ?? LibCurl.text(result))))
    }

    /// Gives up what hasn't come yet.
    func cancel() {
        client.end(self)
        end(.failed(HTTPCallError(description: "given up")))
    }

    private func end(_ found: Outcome) {
        if let idleTimer { loop.cancel(idleTimer) }
        idleTimer = nil
        if outcome == nil { outcome = found }
        wake()
    }

    /// libcurl's own look at the speed is a mean of five seconds, and so much too late.
    private func watchIdle(for time: Int64) {
        idleTimer = loop.schedule(after: time) { [weak self] in self?.lookWhetherIdle() }
    }

    private func lookWhetherIdle() {
        let left = isPaused ? idle : movedAt + idle - MonotonicClock.nowMilliseconds()
        guard left <= 0 else { return watchIdle(for: left) }
        client.end(self)
        end(.failed(HTTPCallError(description: "the server has been silent for \(idle) ms")))
    }

    /// Lets libcurl read and write again where it was told to wait.
    private func goOn() {
        guard outcome == nil else { return }
        isPaused = false
        movedAt = loop.now
        // What libcurl had to keep back comes within this call.
        curl_easy_pause(handle, CURLPAUSE_CONT)
    }

    private func wake() {
        let reader = reader
        self.reader = nil
        reader?.resume()
    }

    // MARK: Reading

    func head() async throws(HTTPCallError) -> HTTPReply.Head {
        while !headIsWhole {
            switch outcome {
            case .failed(let error): throw error
            case .whole: throw HTTPCallError(description: "the response has no head")
            case nil: await withCheckedContinuation { reader = $0 }
            }
        }
        return HTTPReply.Head(status: status, headers: headers)
    }

    func next() async throws(HTTPCallError) -> [UInt8]? {
        while true {
            if let piece = pieces.popFirst() {
                waitingBytes -= piece.count
                if isPaused, waitingBytes < Self.capacity / 2 { goOn() }
                return piece
            }
            switch outcome {
            case .failed(let error): throw error
            case .whole: return nil
            case nil: await withCheckedContinuation { reader = $0 }
            }
        }
    }
}
