internal import CPostgres
internal import Glibc

/// Where PostgreSQL is and how to sign in, as libpq understands it.
struct PostgresEndpoint {
    /// Connection parameters by name.
    private(set) var parameters: [String: String]

    /// Reads a `postgresql://` URL.
    init(url: String, name: String) throws(PostgresError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            let text = message.map { String(cString: $0) } ?? "malformed"
            PQfreemem(message)
            throw .unexpectedReply("the database URL is wrong: \(text)")
        }
        defer { PQconninfoFree(options) }
        parameters = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parameters[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        parameters["application_name"] = name
        parameters["client_encoding"] = "UTF8"
        // It would look for tickets in the middle of the event loop.
        parameters["gssencmode"] = "disable"
    }

    /// The host whose address has to be found first; nil for a socket in the file system or a literal.
    var host: String? {
        guard parameters["hostaddr"] == nil, let host = parameters["host"], !host.hasPrefix("/") else { return nil }
        return host
    }

    /// Starts to connect; `address` is that of the host.
    func start(address: String?) -> OpaquePointer? {
        var parameters = parameters
        if let address { parameters["hostaddr"] = address }
        let names = parameters.keys.sorted()
        return Self.withCStrings(names) { keywords in
            Self.withCStrings(names.map { parameters[$0] ?? "" }) { values in
                PQconnectStartParams(keywords, values, 0)
            }
        }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has an address") }
            return body(base)
        }
    }
}
