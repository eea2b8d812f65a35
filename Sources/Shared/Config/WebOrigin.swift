/// Origins of web pages as configuration lists them (RFC 6454, section 6.2).
enum WebOrigin {
    static let allowed = "* or origins like https://chat.example.org"

    /// The origin as browsers send it, in lower case, or `*`; nil for anything else, such as a URL with a path.
    static func parse(_ text: String) -> String? {
        if text == "*" { return text }
        let lower = text.lowercased()
        guard let colon = lower.firstIndex(of: ":"), lower[colon...].hasPrefix("://") else { return nil }
        let scheme = lower[..<colon]
        let authority = lower[colon...].dropFirst("://".count)
        let isScheme = scheme.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A || $0 >= 0x2B && $0 <= 0x39 && $0 != 0x2F }
        let isAuthority = authority.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"/?#@*,".utf8.contains(byte)
        }
        return isScheme && isAuthority && !scheme.isEmpty && !authority.isEmpty ? lower : nil
    }
}
