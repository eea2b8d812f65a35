internal import Glibc
internal import Shared

/// The command and headers of a frame, parsed and un-escaped in place (STOMP 1.2, "Augmented BNF" and "Value Encoding").
struct StompHead {
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let lineFeed = UInt8(ascii: "\n")

    var command: StompCommand
    var fields: [StompFrame.Field]
    var contentLength: Int?

    /// Parses `bytes`, which end with the empty line.
    static func parse(
        _ bytes: inout [UInt8], _ version: StompVersion, _ limits: StompLimits
    ) throws(StompFailure) -> StompHead {
        try bytes.withUnsafeMutableBufferPointer {
            (buffer: inout UnsafeMutableBufferPointer<UInt8>) throws(StompFailure) in
            guard UTF8Validator.isValid(UnsafeRawBufferPointer(buffer)) else {
                throw StompFailure(.malformedHeader, "Command and headers must be UTF-8.")
            }
            return try parse(lines: buffer, version, limits)
        }
    }

    private static func parse(
        lines bytes: UnsafeMutableBufferPointer<UInt8>, _ version: StompVersion, _ limits: StompLimits
    ) throws(StompFailure) -> StompHead {
        let first = try line(bytes, from: 0)
        var head = StompHead(command: StompCommand(bytes[first.text]), fields: [])
        head.fields.reserveCapacity(8)
        let escapes = head.command.isNeverEscaped ? .v10 : version
        var position = first.next
        while position < bytes.count {
            let (text, next) = try line(bytes, from: position)
            position = next
            guard !text.isEmpty else { break }
            guard head.fields.count < limits.headerCount else {
                throw StompFailure(.tooManyHeaders, "The frame has too many headers.")
            }
            guard let colon = find(UInt8(ascii: ":"), in: bytes, text), colon > text.lowerBound else {
                throw StompFailure(.malformedHeader, "A header line must be a name, a colon and a value.")
            }
            let name = try unescape(bytes, text.lowerBound..<colon, escapes)
            let written = colon + 1..<text.upperBound
            let value = try unescape(bytes, version == .v10 ? trim(bytes, written) : written, escapes)
            head.fields.append(StompFrame.Field(name: narrow(name), value: narrow(value)))
            try head.note(name, value, bytes)
        }
        return head
    }

    /// The line that starts here without its end, LF or CR LF.
    private static func line(
        _ bytes: UnsafeMutableBufferPointer<UInt8>, from start: Int
    ) throws(StompFailure) -> (text: Range<Int>, next: Int) {
        let feed = find(lineFeed, in: bytes, start..<bytes.count) ?? bytes.count
        let end = feed > start && bytes[feed - 1] == carriageReturn ? feed - 1 : feed
        guard find(carriageReturn, in: bytes, start..<end) == nil else {
            throw StompFailure(.malformedHeader, "A carriage return must be followed by a line feed.")
        }
        return (start..<end, feed + 1)
    }

    /// Keeps the first `content-length`.
    private mutating func note(
        _ name: Range<Int>, _ value: Range<Int>, _ bytes: UnsafeMutableBufferPointer<UInt8>
    ) throws(StompFailure) {
        guard contentLength == nil, name.count == 14, bytes[name].elementsEqual("content-length".utf8) else { return }
        guard let count = Decimal.parse(bytes[value]) else {
            throw StompFailure(.malformedContentLength, "The content-length header must be a number of bytes.")
        }
        contentLength = Int(count)
    }

    /// The value without the blanks around it: the examples of STOMP 1.0 have them, later versions keep them (STOMP 1.2, "Value
    /// Encoding").
    private static func trim(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
        let blank = UInt8(ascii: " ")
        let start = bytes[range].firstIndex { $0 != blank } ?? range.upperBound
        let end = bytes[start..<range.upperBound].lastIndex { $0 != blank }.map { $0 + 1 } ?? start
        return start..<end
    }

    /// Undoes the escapes of a version in place; an escape that the version doesn't define is fatal.
    private static func unescape(
        _ bytes: UnsafeMutableBufferPointer<UInt8>, _ range: Range<Int>, _ version: StompVersion
    ) throws(StompFailure) -> Range<Int> {
        guard version > .v10, let first = find(UInt8(ascii: "\\"), in: bytes, range) else { return range }
        var source = first
        var target = first
        while source < range.upperBound {
            var byte = bytes[source]
            if byte == UInt8(ascii: "\\") {
                source += 1
                let letter = source < range.upperBound ? bytes[source] : 0
                switch letter {
                case UInt8(ascii: "n"): byte = lineFeed
                case UInt8(ascii: "c"): byte = UInt8(ascii: ":")
                case UInt8(ascii: "\\"): byte = letter
                case UInt8(ascii: "r") where version >= .v12: byte = carriageReturn
                default: throw StompFailure(.undefinedEscape, "A header holds an escape that STOMP doesn't define.")
                }
            }
            bytes[target] = byte
            target += 1
            source += 1
        }
        return range.lowerBound..<target
    }

    private static func find(
        _ byte: UInt8, in bytes: UnsafeMutableBufferPointer<UInt8>, _ range: Range<Int>
    ) -> Int? {
        guard let base = bytes.baseAddress, !range.isEmpty else { return nil }
        guard let found = memchr(base + range.lowerBound, Int32(byte), range.count) else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    private static func narrow(_ range: Range<Int>) -> Range<UInt32> {
        UInt32(range.lowerBound)..<UInt32(range.upperBound)
    }
}
