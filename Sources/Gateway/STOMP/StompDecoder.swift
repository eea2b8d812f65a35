internal import Glibc
internal import Shared

/// Reads a client's frames out of a stream of bytes (STOMP 1.0, 1.1, 1.2).
///
/// WebSocket messages don't delimit frames: one may carry several, and a frame may span several. Every byte is looked at
/// once and copied once, into the frame.
struct StompDecoder {
    enum Step: Equatable {
        case frame(StompFrame)
        /// Line ends between frames, however many.
        case heartBeat
        case needMore
        /// The connection is broken; every later step fails the same way.
        case failure(StompFailure)
    }

    private enum Phase {
        /// `endsWithReturn`: a CR was the last byte and its LF must come.
        case between(endsWithReturn: Bool)
        /// What is known of the line that isn't ended yet: its length, and whether it is a single CR.
        case head(line: Int, isReturn: Bool)
        case body(StompHead, start: Int)
        case failed(StompFailure)
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    /// Room for a small body, made with the room for the head.
    private static let usualBody = 512

    /// How headers are un-escaped: what was agreed on in CONNECT.
    var version = StompVersion.v12

    private let limits: StompLimits
    private var phase = Phase.between(endsWithReturn: false)
    /// The frame under assembly.
    private var bytes: [UInt8] = []

    init(limits: StompLimits = StompLimits()) {
        self.limits = limits
    }

    /// Whether a frame has begun and not ended.
    var isInsideFrame: Bool { !bytes.isEmpty }

    /// Takes the next thing from `input[available]` and moves `available.lowerBound` past it; to be called until it says
    /// `needMore`, which leaves nothing.
    mutating func next(_ input: [UInt8], _ available: inout Range<Int>) -> Step {
        while true {
            let step: Step?
            switch phase {
            case .failed(let failure): return .failure(failure)
            case .between(let endsWithReturn): step = skip(input, &available, endsWithReturn)
            case .head(let line, let isReturn): step = takeHead(input, &available, line, isReturn)
            case .body(let head, let start): step = takeBody(input, &available, head, start)
            }
            if let step { return step }
        }
    }

    private mutating func fail(_ failure: StompFailure) -> Step {
        phase = .failed(failure)
        bytes = []
        return .failure(failure)
    }

    private mutating func fail(_ code: SessionErrorCode, _ message: String) -> Step {
        fail(StompFailure(code, message))
    }

    // MARK: Between frames

    private mutating func skip(_ input: [UInt8], _ available: inout Range<Int>, _ endsWithReturn: Bool) -> Step? {
        var position = available.lowerBound
        var hasReturn = endsWithReturn
        var isBeat = false
        scan: while position < available.upperBound {
            switch input[position] {
            case Self.lineFeed:
                hasReturn = false
                isBeat = true
            case Self.carriageReturn where !hasReturn:
                hasReturn = true
            case _ where hasReturn:
                return fail(.malformedFrame, "A carriage return must be followed by a line feed.")
            default:
                break scan
            }
            position += 1
        }
        available = position..<available.upperBound
        phase = available.isEmpty ? .between(endsWithReturn: hasReturn) : .head(line: 0, isReturn: false)
        if isBeat { return .heartBeat }
        return available.isEmpty ? .needMore : nil
    }

    // MARK: Command and headers

    private mutating func takeHead(
        _ input: [UInt8], _ available: inout Range<Int>, _ line: Int, _ isReturn: Bool
    ) -> Step? {
        var line = line
        var isReturn = isReturn
        let end = input.withUnsafeBytes { Self.headEnd($0, available, &line, &isReturn) }
        let piece = available.lowerBound..<(end ?? available.upperBound)
        guard bytes.count + piece.count <= limits.headerBytes else {
            return fail(.headerTooLong, "Command and headers of the frame are too long.")
        }
        guard Self.find(0, in: input, piece) == nil else {
            return fail(.malformedFrame, "The frame ends before the empty line behind its headers.")
        }
        if bytes.isEmpty { bytes.reserveCapacity(min(available.count, piece.count + Self.usualBody)) }
        bytes.append(contentsOf: input[piece])
        available = piece.upperBound..<available.upperBound
        guard end != nil else {
            phase = .head(line: line, isReturn: isReturn)
            return .needMore
        }
        return finishHead()
    }

    private mutating func finishHead() -> Step? {
        let head: StompHead
        do {
            head = try StompHead.parse(&bytes, version, limits)
        } catch {
            return fail(error)
        }
        phase = .body(head, start: bytes.count)
        if let length = head.contentLength, length > limits.frame - bytes.count - 1 { return failTooLarge(head) }
        return nil
    }

    /// The place behind the empty line; nil, and what is known of the last line, where it isn't there.
    private static func headEnd(
        _ input: UnsafeRawBufferPointer, _ available: Range<Int>, _ line: inout Int, _ isReturn: inout Bool
    ) -> Int? {
        guard let base = input.baseAddress else { return nil }
        var position = available.lowerBound
        while position < available.upperBound {
            let rest = available.upperBound - position
            guard let found = memchr(base + position, Int32(lineFeed), rest) else {
                isReturn = line == 0 && rest == 1 && input[position] == carriageReturn
                line += rest
                return nil
            }
            let feed = UnsafeRawPointer(found) - base
            let count = feed - position
            switch line + count {
            case 0: return feed + 1
            case 1 where count == 1 ? input[position] == carriageReturn : isReturn: return feed + 1
            default: break
            }
            line = 0
            isReturn = false
            position = feed + 1
        }
        return nil
    }

    // MARK: Body

    private mutating func takeBody(
        _ input: [UInt8], _ available: inout Range<Int>, _ head: StompHead, _ start: Int
    ) -> Step? {
        let end: Int
        if let length = head.contentLength {
            end = min(available.lowerBound + start + length - bytes.count, available.upperBound)
        } else {
            end = Self.find(0, in: input, available) ?? available.upperBound
        }
        let piece = available.lowerBound..<end
        guard bytes.count + piece.count < limits.frame else { return failTooLarge(head) }
        bytes.append(contentsOf: input[piece])
        available = end..<available.upperBound
        guard !available.isEmpty else { return .needMore }
        guard input[end] == 0 else {
            return fail(.malformedFrame, "The body must be followed by a NUL, where content-length says.")
        }
        available = end + 1..<available.upperBound
        let frame = StompFrame(command: head.command, bytes: bytes, fields: head.fields, bodyStart: start)
        bytes = []
        phase = .between(endsWithReturn: false)
        return .frame(frame)
    }

    private mutating func failTooLarge(_ head: StompHead) -> Step {
        let frame = StompFrame(command: head.command, bytes: bytes, fields: head.fields, bodyStart: bytes.count)
        let receipt = frame.headerBytes("receipt").flatMap { value in
            value.count <= limits.identifierBytes ? String(decoding: value, as: UTF8.self) : nil
        }
        return fail(StompFailure(.frameTooLarge, "The frame is too large.", receiptID: receipt))
    }

    private static func find(_ byte: UInt8, in input: [UInt8], _ range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        return input.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            return memchr(base + range.lowerBound, Int32(byte), range.count).map { UnsafeRawPointer($0) - base }
        }
    }
}
