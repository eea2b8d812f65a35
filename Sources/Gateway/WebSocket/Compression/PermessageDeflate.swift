internal import Shared

/// What two sides have agreed on of permessage-deflate (RFC 7692, section 7.1).
struct PermessageDeflate: Sendable, Equatable {
    /// The server forgets each message before it compresses the next.
    var serverNoContextTakeover: Bool
    /// So does the client.
    var clientNoContextTakeover: Bool
    /// The base-2 logarithm of how far back (bytes) the server's compression may refer.
    var serverMaxWindowBits: Int
    /// The same of the client's.
    var clientMaxWindowBits: Int
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    private(set) var response: String

    static let name = "permessage-deflate"
    static let windowBits = 8...15
    /// The window that clients are asked to keep to where their context is taken over: 4 KiB, since the server has to keep as
    /// much of each connection.
    private static let clientWindowBits = 12

    /// The first of the client's offers that can be accepted (section 5); nil where there is none, or where the policy says so.
    ///
    /// Without takeover both sides are bound to forget, whatever the client has offered: sections 7.1.1.1 and 7.1.1.2 let a
    /// server ask for that.
    static func negotiate(_ offers: [String], _ policy: CompressionPolicy) -> PermessageDeflate? {
        guard policy != .off else { return nil }
        return offers.lazy.compactMap(Offer.init).first.map { PermessageDeflate($0, forgets: policy == .noTakeover) }
    }

    private init(_ offer: Offer, forgets: Bool) {
        serverNoContextTakeover = forgets || offer.serverNoContextTakeover
        clientNoContextTakeover = forgets || offer.clientNoContextTakeover
        serverMaxWindowBits = offer.serverMaxWindowBits ?? Self.windowBits.upperBound
        clientMaxWindowBits = offer.clientMaxWindowBits ?? Self.windowBits.upperBound
        response = Self.name
        if serverNoContextTakeover { response += "; server_no_context_takeover" }
        if clientNoContextTakeover { response += "; client_no_context_takeover" }
        if offer.serverMaxWindowBits != nil { response += "; server_max_window_bits=\(serverMaxWindowBits)" }
        // Section 7.1.2.2: only a client that has offered this parameter understands it.
        if offer.clientMaxWindowBits != nil, !clientNoContextTakeover {
            clientMaxWindowBits = min(clientMaxWindowBits, Self.clientWindowBits)
            response += "; client_max_window_bits=\(clientMaxWindowBits)"
        }
    }

    /// One element of the client's list; what section 7.1 doesn't know, or knows otherwise, makes it unacceptable.
    private struct Offer {
        var serverNoContextTakeover = false
        var clientNoContextTakeover = false
        var serverMaxWindowBits: Int?
        var clientMaxWindowBits: Int?

        init?(_ text: String) {
            let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trim)
            guard let first = parts.first, first.lowercased() == PermessageDeflate.name else { return nil }
            var seen: Set<String> = []
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trim)
                guard let name = pair.first, seen.insert(String(name)).inserted else { return nil }
                guard take(name, pair.count == 2 ? Self.unquote(pair[1]) : nil) else { return nil }
            }
        }

        private mutating func take(_ name: Substring, _ value: Substring?) -> Bool {
            switch (name, value) {
            case ("server_no_context_takeover", nil): serverNoContextTakeover = true
            case ("client_no_context_takeover", nil): clientNoContextTakeover = true
            case ("server_max_window_bits", let value?):
                serverMaxWindowBits = Self.bits(value)
                return serverMaxWindowBits != nil
            case ("client_max_window_bits", nil): clientMaxWindowBits = PermessageDeflate.windowBits.upperBound
            case ("client_max_window_bits", let value?):
                clientMaxWindowBits = Self.bits(value)
                return clientMaxWindowBits != nil
            default: return false
            }
            return true
        }

        /// Decimal without leading zeroes (sections 7.1.2.1 and 7.1.2.2).
        private static func bits(_ text: Substring) -> Int? {
            guard let bits = Decimal.parse(text.utf8), windowBits.contains(Int(bits)), !text.hasPrefix("0") else {
                return nil
            }
            return Int(bits)
        }

        /// A value may be quoted as long as it is a token without the quotes (RFC 6455, section 9.1).
        private static func unquote(_ text: Substring) -> Substring {
            guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
            return text.dropFirst().dropLast()
        }

        private static func trim(_ text: Substring) -> Substring {
            let start = text.drop { $0 == " " || $0 == "\t" }
            guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return start.prefix(0) }
            return start[...end]
        }
    }
}
