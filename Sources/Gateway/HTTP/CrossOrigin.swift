internal import Shared

/// Requests of web pages from elsewhere: the CORS protocol of the Fetch standard (section 3.3), for the origins that may open a
/// WebSocket, too.
struct CrossOrigin: Sendable {
    private static let methods = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
    private static let requestHeaders =
        "Authorization, Content-Digest, Content-Type, Idempotency-Key, If-None-Match, If-Range, Range, Repr-Digest"
    private static let responseHeaders =
        "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Repr-Digest, Retry-After, WWW-Authenticate"
    /// Seconds for which a browser need not ask again.
    private static let lifetime = "600"

    /// Origins in lower case as browsers send them, or `*` among them for any.
    let allowed: [String]

    /// Programs that send no Origin aren't bound by the rule.
    func allows(_ origin: String?) -> Bool {
        guard let origin else { return true }
        return allowed.contains("*") || allowed.contains(origin.lowercased())
    }

    /// Answers OPTIONS; nil for another method. It is asked without a token.
    func respond(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == "OPTIONS" else { return nil }
        guard let origin = request.headers.first("Origin"),
            request.headers.first("Access-Control-Request-Method") != nil
        else { return HTTPResponse(status: 204, headers: HTTPHeaders([("Allow", Self.methods)])) }
        guard allows(origin) else {
            return ErrorCode.originNotAllowed.problem("This origin may not connect.")
        }
        let headers = HTTPHeaders([
            ("Access-Control-Allow-Methods", Self.methods), ("Access-Control-Allow-Headers", Self.requestHeaders),
            ("Access-Control-Max-Age", Self.lifetime),
        ])
        return HTTPResponse(status: 204, headers: headers)
    }

    /// Lets the page of an allowed origin read a response. Tokens travel in a header and never by themselves, as cookies do, so
    /// that no credentials are allowed for.
    func allowReading(_ response: inout HTTPResponse, by request: HTTPRequest) {
        guard let origin = request.headers.first("Origin") else { return }
        response.headers.add("Vary", "Origin")
        guard allows(origin) else { return }
        response.headers.add("Access-Control-Allow-Origin", origin)
        response.headers.add("Access-Control-Expose-Headers", Self.responseHeaders)
    }
}
