/// How large a request may be, in bytes.
public struct HTTPLimits: Sendable, Equatable {
    /// The request line.
    public var requestLine: Int
    /// The number of header lines.
    public var headerCount: Int
    /// All header lines together.
    public var headerBytes: Int
    /// The content.
    public var body: Int

    /// The usual limits, with one for the content.
    public init(requestLine: Int = 8_192, headerCount: Int = 100, headerBytes: Int = 16_384, body: Int) {
        self.requestLine = requestLine
        self.headerCount = headerCount
        self.headerBytes = headerBytes
        self.body = body
    }
}

/// Why a request is refused before anybody has looked at what it asks for.
public struct HTTPFailure: Error, Sendable, Equatable {
    /// The status of the response; the connection is closed behind it.
    public let status: Int
    /// A sentence for the client.
    public let reason: String

    /// Makes a failure.
    public init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}
