/// The versions of STOMP that are spoken here.
enum StompVersion: Int, Sendable, Comparable, CaseIterable {
    case v10
    case v11
    case v12

    /// The number as it stands in `accept-version` and `version`.
    var text: String {
        switch self {
        case .v10: "1.0"
        case .v11: "1.1"
        case .v12: "1.2"
        }
    }

    /// All versions, as an ERROR names them.
    static let list = allCases.reversed().map(\.text).joined(separator: ",")

    /// What the version calls itself among WebSocket's subprotocols.
    private var subprotocol: String {
        switch self {
        case .v10: "v10.stomp"
        case .v11: "v11.stomp"
        case .v12: "v12.stomp"
        }
    }

    /// The subprotocol of the highest version among those that a client offers; nil where it offers none of them.
    static func subprotocol(among offered: [String]) -> String? {
        allCases.reversed().map(\.subprotocol).first { offered.contains($0) }
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The highest version in a list like `1.0,1.2`; without a list the client speaks 1.0 (STOMP 1.2, "Protocol Negotiation").
    static func negotiate(_ accepted: String?) -> StompVersion? {
        guard let accepted else { return .v10 }
        let offered = accepted.split(separator: ",").map { $0.filter { $0 != " " } }
        return allCases.last { offered.contains($0.text) }
    }
}
