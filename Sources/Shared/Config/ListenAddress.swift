/// Addresses in configuration.
enum ListenAddress {
    static let allowed = "an IPv4 or IPv6 address with a port, like 0.0.0.0:8080 or [::]:8080"

    /// Reads `address:port`, IPv6 in brackets; nil for names, and for port 0, which nobody could find.
    static func parse(_ text: String) -> SocketAddress? {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard let number = Decimal.parse(digits.utf8), let port = UInt16(exactly: number), port > 0 else { return nil }
        let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if bracketed { host = host.dropFirst().dropLast() }
        guard host.utf8.contains(UInt8(ascii: ":")) == bracketed else { return nil }
        return SocketAddress(literal: String(host), port: port)
    }

    /// An address without port in the one form that the kernel's addresses are written in; nil for names.
    static func canonical(_ literal: String) -> String? { SocketAddress(literal: literal, port: 0)?.host }
}
