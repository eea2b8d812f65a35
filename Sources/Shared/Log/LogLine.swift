/// Writes one log line, field by field.
struct LogLine {
    private let format: LogFormat

    init(format: LogFormat) { self.format = format }

    /// Begins the line with its time (milliseconds since the epoch), level and message.
    func begin(_ time: Int64, _ level: LogLevel, _ message: StaticString, to output: inout [UInt8]) {
        switch format {
        case .logfmt: output.append(contentsOf: "time=".utf8)
        case .json: output.append(contentsOf: "{\"time\":\"".utf8)
        }
        RFC3339.append(milliseconds: time, to: &output)
        if format == .json { output.append(UInt8(ascii: "\"")) }
        field("level", .string(level.name), to: &output)
        field("msg", .string(message.description), to: &output)
    }

    /// Adds a field.
    func field(_ key: String, _ value: LogValue, to output: inout [UInt8]) {
        switch format {
        case .logfmt:
            output.append(UInt8(ascii: " "))
            output.append(contentsOf: key.utf8)
            output.append(UInt8(ascii: "="))
        case .json:
            output.append(contentsOf: ",\"".utf8)
            output.append(contentsOf: key.utf8)
            output.append(contentsOf: "\":".utf8)
        }
        append(value, to: &output)
    }

    /// Ends the line.
    func end(to output: inout [UInt8]) {
        if format == .json { output.append(UInt8(ascii: "}")) }
        output.append(UInt8(ascii: "\n"))
    }

    private func append(_ value: LogValue, to output: inout [UInt8]) {
        switch value {
        case .string(let text): append(text, to: &output)
        case .bytes(let bytes):
            // One byte more than is shown, so that what is cut off shows as cut.
            append(String(decoding: bytes.prefix(LogEscape.maximumValueBytes + 1), as: UTF8.self), to: &output)
        case .integer(let number): Decimal.append(number, to: &output)
        case .double(let number): output.append(contentsOf: (number.isFinite ? number.description : "null").utf8)
        case .bool(let truth): output.append(contentsOf: (truth ? "true" : "false").utf8)
        case .uuid(let uuid):
            if format == .json { output.append(UInt8(ascii: "\"")) }
            uuid.append(to: &output)
            if format == .json { output.append(UInt8(ascii: "\"")) }
        }
    }

    private func append(_ text: String, to output: inout [UInt8]) {
        switch format {
        case .logfmt: LogEscape.appendLogfmt(text, to: &output)
        case .json: LogEscape.appendQuoted(text, to: &output)
        }
    }
}
