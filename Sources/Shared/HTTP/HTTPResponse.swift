/// A whole HTTP response with a sized body.
public struct HTTPResponse: Sendable, Equatable {
    /// The status code, 200 to 599.
    public var status: Int
    /// Header fields, without `Content-Length`, `Connection` and `Date`, which the writer adds.
    public var headers: HTTPHeaders
    /// The content.
    public var body: [UInt8]

    /// Makes a response from its parts.
    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
