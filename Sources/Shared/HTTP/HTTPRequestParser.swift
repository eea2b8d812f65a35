/// Reads requests out of a stream of bytes (RFC 9112), strictly: what two parsers could read differently is refused.
///
/// Lines end in CRLF; folded headers, two lengths, and transfer codings other than `chunked` are refused.
public struct HTTPRequestParser: Sendable {
    /// What was found.
    public enum Step: Equatable {
        /// The bytes that are left don't make anything whole yet.
        case needMore
        /// The client waits for `100 Continue` before it sends its content.
        case expectContinue
        /// The head of a request with content, which is collected next; `length` is its bytes where that is known already, and the
        /// client may wait for `100 Continue`.
        case announced(HTTPRequest, length: Int?, expectsContinue: Bool)
        /// A whole request.
        case request(HTTPRequest)
        /// The head of a request whose content comes in pieces; `length` is its bytes where that is known already, and the client
        /// may wait for `100 Continue`.
        case streamed(HTTPRequest, length: Int?, expectsContinue: Bool)
        /// A piece of that content; the bytes stand in the buffer here.
        case content(Range<Int>)
        /// That content is whole.
        case contentEnd
        /// Answer with this status and close; every later step fails the same way.
        case failure(HTTPFailure)
    }

    private enum Phase {
        case head
        case body(HTTPRequestHead, left: Int)
        case chunkSize(HTTPRequestHead)
        case chunk(HTTPRequestHead, left: Int)
        /// Behind a chunk's bytes.
        case chunkEnd(HTTPRequestHead)
        case trailer(HTTPRequestHead, bytes: Int)
        case failed(HTTPFailure)
    }

    /// A chunk's size line, extensions included, in bytes.
    private static let maximumChunkLine = 256

    private let limits: HTTPLimits
    private let streams: @Sendable (HTTPRequest) -> Bool
    private let announces: Bool
    private var phase = Phase.head
    /// Whether the present request's content is handed over in pieces.
    private var isStreamed = false
    /// How far behind the first byte of `available` no line end was found.
    private var scanned = 0
    private var lines = HTTPHeadLines()
    private var body: [UInt8] = []
    /// Bytes of chunk extensions in this request: each is bounded by its line, all of them by `headerBytes`.
    private var extensionBytes = 0

    /// Makes a parser for one connection; `streams` tells for which requests the content isn't collected but handed over in pieces.
    /// The limit on content doesn't count for those. With `announces` the head of a request with content is told before the content is
    /// read, instead of `expectContinue`.
    public init(
        limits: HTTPLimits, announces: Bool = false,
        streams: @escaping @Sendable (HTTPRequest) -> Bool = { _ in false }
    ) {
        self.limits = limits
        self.announces = announces
        self.streams = streams
    }

    /// Whether a request has begun and isn't whole, be it by one byte.
    public var hasPartial: Bool {
        if case .head = phase { scanned > 0 || !lines.isEmpty } else { true }
    }

    /// Takes the next thing from `buffer[available]` and moves `available.lowerBound` past it. What is left has to come again
    /// with more bytes behind it.
    public mutating func next(_ buffer: [UInt8], _ available: inout Range<Int>) -> Step {
        do throws(HTTPFailure) {
            while true {
                if let step = try step(buffer, &available) { return step }
            }
        } catch {
            phase = .failed(error)
            return .failure(error)
        }
    }

    private mutating func step(_ buffer: [UInt8], _ available: inout Range<Int>) throws(HTTPFailure) -> Step? {
        switch phase {
        case .failed(let failure): throw failure
        case .head: return try readHead(buffer, &available)
        case .body(let head, let left): return readBody(head, left, buffer, &available)
        case .chunkSize(let head): return try readChunkSize(head, buffer, &available)
        case .chunk(let head, let left):
            let piece = take(left, buffer, &available)
            let rest = left - piece.count
            phase = rest == 0 ? .chunkEnd(head) : .chunk(head, left: rest)
            if isStreamed, !piece.isEmpty { return .content(piece) }
            return rest == 0 ? nil : .needMore
        case .chunkEnd(let head):
            guard let line = try takeLine(buffer, &available, limit: 0, 400) else { return .needMore }
            guard line.isEmpty else { throw HTTPFailure(400, "A chunk is longer than its size says.") }
            phase = .chunkSize(head)
            return nil
        case .trailer(let head, let bytes):
            guard let line = try takeLine(buffer, &available, limit: limits.headerBytes, 431) else { return .needMore }
            guard !line.isEmpty else { return finish(head) }
            guard bytes + line.count <= limits.headerBytes else { throw Self.headersTooLarge }
            // Dropped, but not unread: a line that is no field may be the next request to another parser.
            _ = try HTTPHeadLines.field(buffer[line])
            phase = .trailer(head, bytes: bytes + line.count)
            return nil
        }
    }

    // MARK: Head

    private mutating func readHead(_ buffer: [UInt8], _ available: inout Range<Int>) throws(HTTPFailure) -> Step? {
        let isFirst = lines.isEmpty
        let limit = isFirst ? limits.requestLine : limits.headerBytes
        guard let line = try takeLine(buffer, &available, limit: limit, isFirst ? 414 : 431) else { return .needMore }
        if line.isEmpty {
            // An empty line before a request is skipped (RFC 9112, section 2.2).
            if isFirst { return nil }
            return try finishHead(hasBytes: !available.isEmpty)
        }
        if isFirst {
            try lines.begin(buffer[line])
        } else {
            guard lines.headerCount < limits.headerCount, lines.headerBytes + line.count <= limits.headerBytes else {
                throw Self.headersTooLarge
            }
            try lines.add(buffer[line])
        }
        return nil
    }

    private mutating func finishHead(hasBytes: Bool) throws(HTTPFailure) -> Step? {
        let head = try HTTPRequestHead(lines)
        lines = HTTPHeadLines()
        isStreamed = streams(head.request)
        var length: Int?
        switch head.framing {
        case .none:
            guard isStreamed else { return finish(head) }
            length = 0
            phase = .body(head, left: 0)
        case .sized(let count):
            guard isStreamed || count <= limits.body else { throw HTTPFailure(413, "The content is too large.") }
            guard isStreamed || count > 0 else { return finish(head) }
            length = count
            phase = .body(head, left: count)
        case .chunked: phase = .chunkSize(head)
        }
        if isStreamed {
            return .streamed(head.request, length: length, expectsContinue: head.expectsContinue && !hasBytes)
        }
        if announces {
            return .announced(head.request, length: length, expectsContinue: head.expectsContinue && !hasBytes)
        }
        if head.expectsContinue, !hasBytes { return .expectContinue }
        return nil
    }

    // MARK: Content

    private mutating func readBody(
        _ head: HTTPRequestHead, _ left: Int, _ buffer: [UInt8], _ available: inout Range<Int>
    ) -> Step? {
        let piece = take(left, buffer, &available)
        phase = .body(head, left: left - piece.count)
        if isStreamed, !piece.isEmpty { return .content(piece) }
        return left == piece.count ? finish(head) : .needMore
    }

    private mutating func readChunkSize(
        _ head: HTTPRequestHead, _ buffer: [UInt8], _ available: inout Range<Int>
    ) throws(HTTPFailure) -> Step? {
        guard let line = try takeLine(buffer, &available, limit: Self.maximumChunkLine, 400) else { return .needMore }
        let digits = buffer[line].prefix { Hex.value(of: $0) != nil }
        try checkExtensions(buffer[digits.endIndex..<line.upperBound])
        var size = 0
        guard !digits.isEmpty, digits.count <= 8 else { throw HTTPFailure(400, "A chunk's size is malformed.") }
        for case let value? in digits.lazy.map(Hex.value) { size = size << 4 | Int(value) }
        guard isStreamed || body.count + size <= limits.body else {
            throw HTTPFailure(413, "The content is too large.")
        }
        phase = size == 0 ? .trailer(head, bytes: 0) : .chunk(head, left: size)
        return nil
    }

    /// Checks what follows a chunk's size: nothing, or a semicolon with or without white space before it (RFC 9112,
    /// section 7.1.1).
    private mutating func checkExtensions(_ extensions: ArraySlice<UInt8>) throws(HTTPFailure) {
        guard !extensions.isEmpty else { return }
        extensionBytes += extensions.count
        let first = extensions.first { $0 != 0x20 && $0 != 0x09 }
        guard first == UInt8(ascii: ";"), extensions.allSatisfy(HTTPHeadLines.isText) else {
            throw HTTPFailure(400, "A chunk's size is malformed.")
        }
        guard extensionBytes <= limits.headerBytes else {
            throw HTTPFailure(400, "The chunk extensions are too large.")
        }
    }

    /// Takes up to `count` bytes of content, which are collected unless they are handed over in pieces.
    private mutating func take(_ count: Int, _ buffer: [UInt8], _ available: inout Range<Int>) -> Range<Int> {
        let piece = available.lowerBound..<available.lowerBound + min(count, available.count)
        if !isStreamed { body += buffer[piece] }
        available = piece.upperBound..<available.upperBound
        return piece
    }

    private mutating func finish(_ head: HTTPRequestHead) -> Step {
        phase = .head
        extensionBytes = 0
        if isStreamed { return .contentEnd }
        var request = head.request
        request.body = body
        body = []
        return .request(request)
    }

    // MARK: Lines

    private static let headersTooLarge = HTTPFailure(431, "The headers are too large.")

    /// Takes a line without its CRLF; nil where it isn't whole. `status` is for one longer than `limit`.
    private mutating func takeLine(
        _ buffer: [UInt8], _ available: inout Range<Int>, limit: Int, _ status: Int
    ) throws(HTTPFailure) -> Range<Int>? {
        let start = available.lowerBound
        let from = min(start + scanned, available.upperBound)
        guard let end = buffer[from..<available.upperBound].firstIndex(of: 0x0A) else {
            scanned = available.count
            guard available.count <= limit + 1 else { throw HTTPFailure(status, "A line is too long.") }
            return nil
        }
        scanned = 0
        guard end > start, buffer[end - 1] == 0x0D else { throw HTTPFailure(400, "A line doesn't end in CRLF.") }
        guard end - 1 - start <= limit else { throw HTTPFailure(status, "A line is too long.") }
        available = end + 1..<available.upperBound
        return start..<end - 1
    }
}
