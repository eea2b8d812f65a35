/// The frames of clients.
enum StompCommand: String, Sendable, CaseIterable {
    case connect = "CONNECT"
    /// The other name of CONNECT since 1.1.
    case stomp = "STOMP"
    case send = "SEND"
    case subscribe = "SUBSCRIBE"
    case unsubscribe = "UNSUBSCRIBE"
    case ack = "ACK"
    case nack = "NACK"
    case begin = "BEGIN"
    case commit = "COMMIT"
    case abort = "ABORT"
    case disconnect = "DISCONNECT"
    /// Anything else; the session refuses it.
    case unknown = ""

    /// Reads a command; they are case-sensitive.
    init(_ bytes: some Collection<UInt8>) {
        self = Self.allCases.first { $0.rawValue.utf8.elementsEqual(bytes) } ?? .unknown
    }

    /// Whether the headers of this frame are taken as they are (STOMP 1.2, "Value Encoding").
    var isNeverEscaped: Bool { self == .connect || self == .stomp }
}

/// A frame of a client: one copy of its bytes, and where in them its headers are.
struct StompFrame: Sendable, Equatable, CustomStringConvertible {
    /// A header's name and value as places in the bytes.
    struct Field: Sendable, Equatable {
        var name: Range<UInt32>
        var value: Range<UInt32>
    }

    let command: StompCommand
    private let bytes: [UInt8]
    private let fields: [Field]
    private let bodyStart: Int

    /// Makes a frame from bytes that were parsed; names and values are un-escaped in place.
    init(command: StompCommand, bytes: [UInt8], fields: [Field], bodyStart: Int) {
        self.command = command
        self.bytes = bytes
        self.fields = fields
        self.bodyStart = bodyStart
    }

    /// Makes a frame from its parts.
    init(_ command: StompCommand, _ headers: [(String, String)] = [], body: some Collection<UInt8> = []) {
        var bytes: [UInt8] = []
        let fields = headers.map { name, value in
            let start = UInt32(bytes.count)
            bytes.append(contentsOf: name.utf8)
            let middle = UInt32(bytes.count)
            bytes.append(contentsOf: value.utf8)
            return Field(name: start..<middle, value: middle..<UInt32(bytes.count))
        }
        let bodyStart = bytes.count
        bytes.append(contentsOf: body)
        self.init(command: command, bytes: bytes, fields: fields, bodyStart: bodyStart)
    }

    /// The body without the NUL that ends the frame.
    var body: ArraySlice<UInt8> { bytes[bodyStart...] }

    /// The memory that the frame holds on to.
    var byteCount: Int { bytes.count }

    var headerCount: Int { fields.count }

    /// All headers in their order, repeated ones too.
    var headers: [(name: String, value: String)] {
        fields.map { field in
            (
                String(decoding: bytes[Self.place(field.name)], as: UTF8.self),
                String(decoding: bytes[Self.place(field.value)], as: UTF8.self)
            )
        }
    }

    /// A header's value; where it is repeated the first one counts (STOMP 1.2, "Repeated Header Entries").
    func header(_ name: String) -> String? {
        headerBytes(name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A header's value as bytes, for those who needn't make a String.
    func headerBytes(_ name: String) -> ArraySlice<UInt8>? {
        let wanted = name.utf8
        for field in fields where field.name.count == wanted.count {
            if bytes[Self.place(field.name)].elementsEqual(wanted) { return bytes[Self.place(field.value)] }
        }
        return nil
    }

    /// The command alone: headers hold passwords, bodies hold what people say.
    var description: String { "StompFrame(\(command))" }

    private static func place(_ range: Range<UInt32>) -> Range<Int> {
        Int(range.lowerBound)..<Int(range.upperBound)
    }
}
