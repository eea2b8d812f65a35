/// A response whose content comes piece by piece; with its last reference the rest of it is given up.
///
/// Confined to its loop.
package final class HTTPReply {
    /// The head of a response.
    struct Head {
        var status: Int
        var headers: HTTPHeaders
    }

    /// The status code.
    package let status: Int
    /// The header fields.
    package let headers: HTTPHeaders
    private let exchange: HTTPExchange

    init(_ head: Head, _ exchange: HTTPExchange) {
        status = head.status
        headers = head.headers
        self.exchange = exchange
    }

    deinit {
        exchange.cancel()
    }

    /// The next bytes of the content; nil at its end.
    package func next() async throws(HTTPCallError) -> [UInt8]? { try await exchange.next() }

    /// All of the content, which may have `limit` bytes at most.
    package func content(limit: Int) async throws(HTTPCallError) -> [UInt8] {
        var content: [UInt8] = []
        while let piece = try await next() {
            content += piece
            guard content.count <= limit else { throw HTTPCallError(description: "the response is too long") }
        }
        return content
    }
}
