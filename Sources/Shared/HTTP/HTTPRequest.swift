/// An HTTP/1.1 request whose head and body have been read whole (RFC 9112).
public struct HTTPRequest: Sendable, Equatable {
    /// The method as sent: methods are case-sensitive (RFC 9110, section 9.1).
    public var method: String
    /// The path of the request target, percent-encoding kept, without the query.
    public var path: String
    /// The query of the request target without `?`, percent-encoding kept; nil where there was none.
    public var query: String?
    /// The minor version of HTTP/1.x: 0 or 1.
    public var minorVersion: Int
    /// Header fields in the order they came.
    public var headers: HTTPHeaders
    /// The content, after removal of any transfer coding.
    public var body: [UInt8]
    /// Whether the connection may carry another request after this one (RFC 9112, section 9.3).
    public var keepsAlive: Bool

    /// Makes a request from its parts.
    public init(
        method: String, path: String, query: String? = nil, minorVersion: Int = 1, headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [], keepsAlive: Bool = true
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.minorVersion = minorVersion
        self.headers = headers
        self.body = body
        self.keepsAlive = keepsAlive
    }
}
