internal import CPostgres
internal import Glibc

/// Where PostgreSQL is and how to sign in, as libpq understands it.
struct PostgresEndpoint {
    /// One of the servers that the URL names.
    struct Server: Equatable {
        /// A name, an address or the folder of a socket; nil for libpq's default.
        var host: String?
        /// The address, where it is known.
        var address: String?
        var port: String?

        /// The name whose addresses have to be found first; nil where there is nothing to find.
        var name: String? { address == nil && host?.hasPrefix("/") == false ? host : nil }
    }

    /// Connection parameters by name, but for those of `servers`.
    private(set) var parameters: [String: String]
    /// In the order in which to try them; one at least.
    let servers: [Server]

    /// Reads a `postgresql://` URL. What it sets itself stays as it is. No error holds any of its values: one of them is the
    /// password.
    init(url: String, name: String) throws(PostgresError) {
        var parameters = try Self.parse(url)
        servers = try Self.servers(&parameters)
        parameters["application_name"] = name
        parameters["client_encoding"] = "UTF8"
        // It would look for tickets in the middle of the event loop.
        parameters["gssencmode"] = "disable"
        for (name, value) in PostgresDeadlines.parameters where parameters[name] == nil { parameters[name] = value }
        // Of several servers the one that takes writes; a name may lead to a standby after a failover.
        if parameters["target_session_attrs"] == nil { parameters["target_session_attrs"] = "primary" }
        self.parameters = parameters
    }

    private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &message) else {
            let text = message.map { String(cString: $0) } ?? "malformed"
            PQfreemem(message)
            throw .unexpectedReply("the database URL is wrong: \(withoutValues(text))")
        }
        defer { PQconninfoFree(options) }
        var parameters: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { parameters[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return parameters
    }

    /// libpq quotes what it can't read, which may be a password: from the first to the last quote it is left out.
    static func withoutValues(_ message: String) -> String {
        let line = message.split(separator: "\n").joined(separator: "; ")
        guard let first = line.firstIndex(of: "\""), let last = line.lastIndex(of: "\"") else { return line }
        return line[..<first] + "…" + line[line.index(after: last)...]
    }

    private static func servers(_ parameters: inout [String: String]) throws(PostgresError) -> [Server] {
        func list(_ name: String) -> [String] {
            guard let text = parameters.removeValue(forKey: name), !text.isEmpty else { return [] }
            return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"))
        let count = max(1, hosts.count, addresses.count)
        guard [hosts.count, addresses.count].allSatisfy({ $0 == 0 || $0 == count }),
            ports.count <= 1 || ports.count == count
        else { throw .unexpectedReply("the database URL is wrong: its hosts, addresses and ports don't go together") }
        // A mark in a password that isn't encoded makes the rest of it the host, the port or the database.
        let misread = ports.contains { !$0.isEmpty && UInt16($0) == nil }
        guard !misread, !(hosts + [parameters["dbname"] ?? ""]).contains(where: { $0.contains("@") }) else {
            throw .unexpectedReply(
                "the database URL is wrong: in its password @ is written %40, / %2F, : %3A, # %23, ? %3F and % %25")
        }
        return (0..<count).map { index in
            func at(_ list: [String]) -> String? {
                let value = index < list.count ? list[index] : list.count == 1 ? list[0] : ""
                return value.isEmpty ? nil : value
            }
            return Server(host: at(hosts), address: at(addresses), port: at(ports))
        }
    }

    /// All parameters for a server.
    func parameters(for server: Server, _ deadlines: PostgresDeadlines) -> [String: String] {
        var parameters = parameters
        parameters["host"] = server.host
        parameters["hostaddr"] = server.address
        parameters["port"] = server.port
        // Of two settings the later one counts: the URL's.
        parameters["options"] = [deadlines.options, parameters["options"]].compactMap { $0 }.joined(separator: " ")
        return parameters
    }

    /// Starts to connect to a server whose address, if it has one, is known.
    func start(_ server: Server, _ deadlines: PostgresDeadlines) -> OpaquePointer? {
        let parameters = parameters(for: server, deadlines)
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
