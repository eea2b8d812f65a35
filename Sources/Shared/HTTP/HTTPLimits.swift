/// How large a request may be, in bytes.
public struct HTTPLimits: Sendable, Equatable {
    /// The request line.
    public var requestLine = 8_192
    /// One header line.
    public var headerLine = 8_192
    /// All header lines together.
    public var headerBytes = 16_384
    /// The number of header lines.
    public var headerCount = 100
    /// The content.
    public var body: Int

    /// The usual limits, with one for the content.
    public init(body: Int) {
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
