/// Errors in a form that programs understand (RFC 9457).
public enum ProblemDetails {
    /// A response that says what went wrong: `code` is for programs, `detail` for people.
    ///
    /// - Parameter retryAfter: seconds until the same request may succeed.
    public static func response(
        status: Int, code: String, detail: String, retryAfter: Int? = nil, extra: [(String, JSON)] = []
    ) -> HTTPResponse {
        let members: [(String, JSON)] = [
            ("type", .string("about:blank")), ("title", .string(HTTPStatus.phrase(status))),
            ("status", .integer(Int64(status))), ("code", .string(code)), ("detail", .string(detail)),
        ]
        var headers = HTTPHeaders([("Content-Type", "application/problem+json"), ("Cache-Control", "no-store")])
        if let retryAfter { headers.add("Retry-After", String(retryAfter)) }
        return HTTPResponse(
            status: status, headers: headers, body: JSONWriter.bytes(.object(JSONObject(members + extra))))
    }
}
