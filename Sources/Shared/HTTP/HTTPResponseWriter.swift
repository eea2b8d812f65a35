/// Writes responses (RFC 9112, section 4).
public enum HTTPResponseWriter {
    /// Appends a response with `Date`, `X-Content-Type-Options`, `Content-Length` and, where the connection ends behind it, `Connection: close`.
    ///
    /// - Parameters:
    ///   - length: bytes of the content, where that follows the response's own body.
    ///   - isHead: whether the request was HEAD, whose response has the length but not the content.
    ///   - now: seconds since the Unix epoch.
    public static func append(
        _ response: HTTPResponse, to output: inout [UInt8], length: Int64? = nil, isHead: Bool, keepsAlive: Bool,
        now: Int64
    ) {
        output.append(contentsOf: "HTTP/1.1 \(response.status) \(HTTPStatus.phrase(response.status))\r\n".utf8)
        line("Date", HTTPDate.format(seconds: now), to: &output)
        // A body is what its type says: JSON with a user's text in it is no page (WHATWG Fetch Standard, section 3.6).
        line("X-Content-Type-Options", "nosniff", to: &output)
        for field in response.headers.fields { line(field.name, field.value, to: &output) }
        let hasContent = response.status >= 200 && response.status != 204 && response.status != 304
        if hasContent { line("Content-Length", String(length ?? Int64(response.body.count)), to: &output) }
        line("Connection", keepsAlive ? "keep-alive" : "close", to: &output)
        output.append(contentsOf: "\r\n".utf8)
        if hasContent, !isHead { output.append(contentsOf: response.body) }
    }

    /// A field with a line end in it would be two: it is left out.
    private static func line(_ name: String, _ value: String, to output: inout [UInt8]) {
        guard !name.utf8.contains(where: isLineEnd), !value.utf8.contains(where: isLineEnd) else { return }
        output.append(contentsOf: "\(name): \(value)\r\n".utf8)
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A || byte == 0 }
}
