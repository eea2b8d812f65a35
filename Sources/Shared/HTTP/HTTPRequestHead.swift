/// The lines of a request's head while they come in (RFC 9112, sections 3 and 5).
struct HTTPHeadLines: Sendable {
    private(set) var method = ""
    private(set) var target = ""
    private(set) var minorVersion = 1
    private(set) var headers = HTTPHeaders()
    private(set) var headerBytes = 0

    var isEmpty: Bool { method.isEmpty }
    var headerCount: Int { headers.fields.count }

    /// Reads the request line.
    mutating func begin(_ line: ArraySlice<UInt8>) throws(HTTPFailure) {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(Self.isToken), !words[1].isEmpty,
            words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw HTTPFailure(400, "The request line is malformed.") }
        guard words[2].starts(with: "HTTP/".utf8), words[2].count == 8 else {
            throw HTTPFailure(400, "The request line is malformed.")
        }
        switch String(decoding: words[2].dropFirst(5), as: UTF8.self) {
        case "1.1": minorVersion = 1
        case "1.0": minorVersion = 0
        default: throw HTTPFailure(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        }
        method = String(decoding: words[0], as: UTF8.self)
        target = String(decoding: words[1], as: UTF8.self)
    }

    /// Reads a header line.
    mutating func add(_ line: ArraySlice<UInt8>) throws(HTTPFailure) {
        let (name, value) = try Self.field(line)
        headerBytes += line.count
        headers.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    /// Name and value of a header or trailer line.
    static func field(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPFailure) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(Self.isToken)
        else { throw HTTPFailure(400, "A header line is malformed.") }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy(isText) else { throw HTTPFailure(400, "A header value holds a control character.") }
        return (line[..<colon], value)
    }

    /// Whether a byte may stand in a field's value or a chunk's extension (RFC 9110, section 5.5).
    static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    /// Whether a byte may stand in a token (RFC 9110, section 5.6.2).
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// What a request's head says, once it is whole.
struct HTTPRequestHead: Sendable {
    enum Framing: Sendable {
        case none
        case sized(Int)
        case chunked
    }

    let request: HTTPRequest
    let framing: Framing
    let expectsContinue: Bool

    init(_ lines: HTTPHeadLines) throws(HTTPFailure) {
        let headers = lines.headers
        let hosts = headers.all("Host")
        guard hosts.count == 1 || (hosts.isEmpty && lines.minorVersion == 0) else {
            throw HTTPFailure(400, "The request needs exactly one Host header.")
        }
        guard hosts.allSatisfy({ HTTPHost.isValid($0) }) else {
            throw HTTPFailure(400, "The Host header is malformed.")
        }
        // Which of two would count is a matter of taste, and tastes differ between a proxy and what is behind it.
        guard headers.all("Authorization").count <= 1 else {
            throw HTTPFailure(400, "The request has more than one Authorization header.")
        }
        framing = try Self.framing(headers, lines.minorVersion)
        expectsContinue = try Self.expectation(headers, lines.minorVersion)
        let (path, query) = try Self.split(lines.target, method: lines.method)
        let connection = headers.list("Connection")
        request = HTTPRequest(
            method: lines.method, path: path, query: query, minorVersion: lines.minorVersion, headers: headers,
            keepsAlive: lines.minorVersion == 1
                ? !connection.contains { HTTPHeaders.same($0, "close") }
                : connection.contains { HTTPHeaders.same($0, "keep-alive") })
    }

    /// RFC 9112, section 6.3.
    private static func framing(_ headers: HTTPHeaders, _ minorVersion: Int) throws(HTTPFailure) -> Framing {
        let lengths = headers.all("Content-Length")
        let codings = headers.all("Transfer-Encoding")
        if !codings.isEmpty {
            guard lengths.isEmpty, minorVersion == 1 else {
                throw HTTPFailure(400, "The length of the content is ambiguous.")
            }
            // Only ASCII case is disregarded: `lowercased()` would take the Kelvin sign for a k, a proxy wouldn't.
            guard codings.count == 1, HTTPHeaders.same(codings[0], "chunked") else {
                throw HTTPFailure(501, "Of the transfer codings only chunked is supported.")
            }
            return .chunked
        }
        guard let first = lengths.first else { return .none }
        guard lengths.count == 1, !first.isEmpty, first.utf8.count <= 18,
            first.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let count = Int(first)
        else { throw HTTPFailure(400, "The Content-Length is malformed.") }
        return .sized(count)
    }

    /// RFC 9110, section 10.1.1.
    private static func expectation(_ headers: HTTPHeaders, _ minorVersion: Int) throws(HTTPFailure) -> Bool {
        let expectations = headers.list("Expect")
        guard expectations.allSatisfy({ HTTPHeaders.same($0, "100-continue") }) else {
            throw HTTPFailure(417, "Of the expectations only 100-continue is supported.")
        }
        return !expectations.isEmpty && minorVersion == 1
    }

    private static let malformedTarget = HTTPFailure(400, "The request target is malformed.")

    /// Path and query of a target in origin, absolute or asterisk form (RFC 9112, section 3.2).
    private static func split(
        _ target: String, method: String
    ) throws(HTTPFailure) -> (path: String, query: String?) {
        // A fragment is the client's own (RFC 9110, section 7.1).
        guard !target.utf8.contains(UInt8(ascii: "#")) else { throw malformedTarget }
        var rest = Substring(target)
        for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty, HTTPHost.isValid(authority) else { throw malformedTarget }
            rest = rest[authority.endIndex...]
            if rest.first != "/" { rest = "/" + rest }
        }
        guard rest.first == "/" || (rest == "*" && method == "OPTIONS") else {
            throw malformedTarget
        }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
    }
}
