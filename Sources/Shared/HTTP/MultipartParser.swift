/// Why a form can't be read.
public enum MultipartError: Error, Sendable, Equatable {
    /// It isn't built as RFC 2046 and RFC 7578 have it.
    case malformed
    /// It ends before its last boundary.
    case truncated
    /// It has more parts than `MultipartParser.maximumParts`.
    case tooManyParts
    /// A part's headers, or what stands before the first or behind the last boundary, are too long.
    case tooLong
}

/// Takes the content of a form apart while it comes in (RFC 7578, with RFC 2046, section 5.1.1).
///
/// Strictly: what begins like a boundary and isn't one is refused, since another parser might take it for content. Of a
/// part's content nothing is held but what may be the beginning of a boundary.
public struct MultipartParser: Sendable {
    /// What was found.
    public enum Event: Sendable, Equatable {
        /// A part begins.
        case part(HTTPHeaders)
        /// The next bytes of its content; there may be none, or several of these.
        case content([UInt8])
        /// The part is whole.
        case partEnd
    }

    /// So many parts a form may have.
    public static let maximumParts = 16
    /// The headers of a part, in bytes.
    public static let maximumHeaderBytes = 4_096
    /// What may stand before the first boundary, and behind the last one, in bytes: nobody reads it.
    public static let maximumOuterBytes = 1_024

    private enum Phase {
        case preamble(Int)
        /// Behind `--boundary`, and so many blanks.
        case delimiter(blanks: Int)
        case headers(HTTPHeaders, bytes: Int)
        /// At the end of the line behind the headers.
        case emptyLine
        case content
        /// Behind `--boundary--`.
        case closing(blanks: Int)
        case epilogue(Int)
        case failed(MultipartError)
    }

    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    private let delimiter: [UInt8]
    private var phase = Phase.preamble(0)
    /// What hasn't been read. It begins with the end of a line, so that a form may begin with its boundary.
    private var buffer = Self.lineEnd
    private var start = 0
    private var parts = 0

    /// Makes a parser for one form; nil where a boundary can't be this one.
    public init?(boundary: String) {
        guard Self.isBoundary(boundary) else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// 1 to 70 characters, of which the last is no blank.
    private static func isBoundary(_ text: String) -> Bool {
        guard (1...70).contains(text.utf8.count), text.utf8.last != 0x20 else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "'()+_,-./:=? ".utf8.contains(byte)
            }
        }
    }

    /// Takes the next bytes of the content; `next` is asked until it has nothing more.
    public mutating func append(_ piece: [UInt8]) {
        buffer.removeFirst(start)
        start = 0
        buffer += piece
    }

    /// The next thing in what has come; nil where more bytes are needed. A failure stays.
    public mutating func next() throws(MultipartError) -> Event? {
        do throws(MultipartError) {
            while true {
                switch try step() {
                case .found(let event): return event
                case .goOn: continue
                case .needMore: return nil
                }
            }
        } catch {
            phase = .failed(error)
            throw error
        }
    }

    /// Checks that a form of which no more comes is whole.
    public func finish() throws(MultipartError) {
        switch phase {
        case .failed(let error): throw error
        case .epilogue: return
        case .closing where start == buffer.count: return
        case .preamble, .delimiter, .headers, .emptyLine, .content, .closing: throw .truncated
        }
    }

    private enum Step {
        case found(Event)
        case goOn
        case needMore
    }

    private mutating func step() throws(MultipartError) -> Step {
        switch phase {
        case .failed(let error): throw error
        case .preamble(let bytes): return try skipPreamble(bytes)
        case .delimiter(let blanks): return try readDelimiter(blanks)
        case .headers(let headers, let bytes): return try readHeaderLine(headers, bytes)
        case .emptyLine: return readEmptyLine()
        case .content: return readContent()
        case .closing(let blanks): return try readClosing(blanks)
        case .epilogue(let bytes):
            phase = .epilogue(try Self.outer(bytes, buffer.count - start))
            start = buffer.count
            return .needMore
        }
    }

    // MARK: Outside of the parts

    private static func outer(_ bytes: Int, _ more: Int) throws(MultipartError) -> Int {
        guard bytes + more <= maximumOuterBytes else { throw .tooLong }
        return bytes + more
    }

    private mutating func skipPreamble(_ bytes: Int) throws(MultipartError) -> Step {
        let found = buffer[start...].first(of: delimiter)
        let end = found?.lowerBound ?? max(start, buffer.count - delimiter.count + 1)
        phase = .preamble(try Self.outer(bytes, end - start))
        start = end
        guard let found else { return .needMore }
        start = found.upperBound
        phase = .delimiter(blanks: 0)
        return .goOn
    }

    /// Skips blanks, which may stand behind a boundary; returns how many there are.
    private mutating func skipBlanks(_ before: Int) throws(MultipartError) -> Int {
        let end = buffer[start...].firstIndex { $0 != 0x20 && $0 != 0x09 } ?? buffer.count
        let blanks = try Self.outer(before, end - start)
        start = end
        return blanks
    }

    private mutating func readDelimiter(_ before: Int) throws(MultipartError) -> Step {
        let blanks = try skipBlanks(before)
        phase = .delimiter(blanks: blanks)
        guard buffer.count - start >= 2 else { return .needMore }
        let two = buffer[start..<start + 2]
        start += 2
        if two.elementsEqual("--".utf8), blanks == 0 {
            phase = .closing(blanks: 0)
            return .goOn
        }
        guard two.elementsEqual(Self.lineEnd) else { throw .malformed }
        guard parts < Self.maximumParts else { throw .tooManyParts }
        parts += 1
        phase = .headers(HTTPHeaders(), bytes: 0)
        return .goOn
    }

    private mutating func readClosing(_ before: Int) throws(MultipartError) -> Step {
        phase = .closing(blanks: try skipBlanks(before))
        guard buffer.count - start >= 2 else { return .needMore }
        guard buffer[start..<start + 2].elementsEqual(Self.lineEnd) else { throw .malformed }
        phase = .epilogue(0)
        return .goOn
    }

    // MARK: Parts

    private mutating func readHeaderLine(_ headers: HTTPHeaders, _ bytes: Int) throws(MultipartError) -> Step {
        guard let end = buffer[start...].firstIndex(of: 0x0A) else {
            guard bytes + buffer.count - start <= Self.maximumHeaderBytes else { throw .tooLong }
            return .needMore
        }
        let count = bytes + end + 1 - start
        guard count <= Self.maximumHeaderBytes else { throw .tooLong }
        guard end > start, buffer[end - 1] == 0x0D else { throw .malformed }
        let line = buffer[start..<end - 1]
        if line.isEmpty {
            start = end - 1
            phase = .emptyLine
            return .found(.part(headers))
        }
        start = end + 1
        guard let (name, value) = try? HTTPHeadLines.field(line) else { throw .malformed }
        var headers = headers
        headers.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        phase = .headers(headers, bytes: count)
        return .goOn
    }

    /// A part without content may have no line end of its own before the boundary: then it is this one (RFC 2046, section
    /// 5.1.1).
    private mutating func readEmptyLine() -> Step {
        let rest = buffer[start...]
        phase = .content
        if rest.starts(with: delimiter) { return .goOn }
        if delimiter.starts(with: rest) {
            phase = .emptyLine
            return .needMore
        }
        start += Self.lineEnd.count
        return .goOn
    }

    private mutating func readContent() -> Step {
        if let found = buffer[start...].first(of: delimiter) {
            guard found.lowerBound == start else { return .found(.content(take(upTo: found.lowerBound))) }
            start = found.upperBound
            phase = .delimiter(blanks: 0)
            return .found(.partEnd)
        }
        let end = buffer.count - delimiter.count + 1
        return end > start ? .found(.content(take(upTo: end))) : .needMore
    }

    private mutating func take(upTo end: Int) -> [UInt8] {
        defer { start = end }
        return Array(buffer[start..<end])
    }
}
