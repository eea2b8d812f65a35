internal import Shared

/// Writes a server's frames: always with `content-length`, in bytes, and a NUL (STOMP 1.2, "Value Encoding" and "Body").
enum StompEncoder {
    /// What the bytes of a header become.
    private enum Escaping {
        /// Line ends and NUL would change the frame and become blanks.
        case none
        /// As `none`, and backslashes too: some clients un-escape CONNECTED although nothing in it is escaped.
        case connected
        case v11
        case v12
    }

    /// Appends a frame; `content-length` is added behind the headers.
    static func append(
        _ command: String, _ headers: [(String, String)], body: some Collection<UInt8> = [], version: StompVersion,
        to output: inout [UInt8]
    ) {
        let escaping: Escaping =
            switch version {
            case _ where command == "CONNECTED": .connected
            case .v10: .none
            case .v11: .v11
            case .v12: .v12
            }
        output.append(contentsOf: command.utf8)
        output.append(UInt8(ascii: "\n"))
        for (name, value) in headers {
            append(name, escaping, to: &output)
            output.append(UInt8(ascii: ":"))
            append(value, escaping, to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        output.append(contentsOf: "content-length:".utf8)
        Decimal.append(Int64(body.count), to: &output)
        output.append(UInt8(ascii: "\n"))
        output.append(UInt8(ascii: "\n"))
        output.append(contentsOf: body)
        output.append(0)
    }

    /// Appends CONNECTED for what was agreed on; `session`, `server` and `userName` hold no backslash and no line end.
    static func appendConnected(
        _ connect: StompConnect, session: String, server: String, userName: String, to output: inout [UInt8]
    ) {
        let headers = [
            ("version", connect.version.text), ("heart-beat", "\(connect.offer.send),\(connect.offer.expect)"),
            ("session", session), ("server", server), ("user-name", userName),
        ]
        append("CONNECTED", headers, version: connect.version, to: &output)
    }

    /// Appends a MESSAGE; the headers name at least `destination`, `message-id` and `subscription`.
    static func appendMessage(
        _ headers: [(String, String)], body: some Collection<UInt8>, version: StompVersion, to output: inout [UInt8]
    ) {
        append("MESSAGE", headers, body: body, version: version, to: &output)
    }

    /// Appends the RECEIPT of a frame that asked for it, with further headers behind `receipt-id`.
    static func appendReceipt(
        _ receipt: String, _ headers: [(String, String)] = [], version: StompVersion, to output: inout [UInt8]
    ) {
        append("RECEIPT", [("receipt-id", receipt)] + headers, version: version, to: &output)
    }

    /// Appends an ERROR whose body repeats the message; the connection has to be closed behind it.
    static func appendError(_ failure: StompFailure, version: StompVersion, to output: inout [UInt8]) {
        var headers = [("message", failure.message), ("code", failure.code), ("content-type", "text/plain")]
        if let number = failure.number { headers.append(("number", String(number))) }
        if let receipt = failure.receiptID { headers.append(("receipt-id", receipt)) }
        append("ERROR", headers + failure.headers, body: failure.message.utf8, version: version, to: &output)
    }

    private static func append(_ text: String, _ escaping: Escaping, to output: inout [UInt8]) {
        let escape = UInt8(ascii: "\\")
        let blank = UInt8(ascii: " ")
        for byte in text.utf8 {
            guard byte < 0x20 || byte == UInt8(ascii: ":") || byte == escape else {
                output.append(byte)
                continue
            }
            switch (byte, escaping) {
            case (0, _): output.append(blank)
            case (0x0A, .v11), (0x0A, .v12): output.append(contentsOf: [escape, UInt8(ascii: "n")])
            case (0x0D, .v12): output.append(contentsOf: [escape, UInt8(ascii: "r")])
            case (0x0A, _), (0x0D, .none), (0x0D, .connected): output.append(blank)
            case (UInt8(ascii: ":"), .v11), (UInt8(ascii: ":"), .v12):
                output.append(contentsOf: [escape, UInt8(ascii: "c")])
            case (escape, .v11), (escape, .v12): output.append(contentsOf: [escape, escape])
            case (escape, .connected): output.append(blank)
            default: output.append(byte)
            }
        }
    }
}
