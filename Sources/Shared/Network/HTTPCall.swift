/// A request to somebody else's server.
package struct HTTPCall {
    /// What its content is made of.
    package enum Content {
        /// None; for GET, HEAD and DELETE.
        case none
        /// Bytes that are there already; may be empty.
        case bytes([UInt8])
        /// So many bytes of a file, from its beginning.
        case file(ScratchFile, Int)

        var count: Int {
            switch self {
            case .none: 0
            case .bytes(let bytes): bytes.count
            case .file(_, let count): count
            }
        }
    }

    /// GET, PUT and so on.
    package var method: String
    /// The whole URL, `http://` or `https://`.
    package var url: String
    /// Fields besides those that libcurl adds.
    package var headers: [(name: String, value: String)] = []
    /// What is sent with it.
    package var content = Content.none
    /// How long it may take.
    package var deadlines = HTTPDeadlines()
}

/// How long a request may take.
package struct HTTPDeadlines: Sendable {
    /// Milliseconds for finding the server, connecting and TLS.
    package var connect: Int64 = 5_000
    /// Milliseconds in which nothing moves, in neither direction; while the response waits for its reader they don't
    /// count.
    package var idle: Int64 = 20_000
    /// Milliseconds for all of it; nil where the response lasts as long as its reader.
    package var total: Int64? = 60_000
}

/// Why a request came to nothing, or its response broke off.
package struct HTTPCallError: Error, CustomStringConvertible {
    /// A sentence for logs, without the URL.
    package let description: String
}
