internal import Shared

/// The query of a request for a page: `limit`, and where it begins.
struct PageQuery {
    let limit: Int
    private let query: HTTPQuery?

    init(_ request: HTTPRequest, default standard: Int, maximum: Int) throws(CommandError) {
        if let text = request.query {
            guard let query = HTTPQuery(text) else {
                throw CommandError(.invalidField, "The query isn't percent-encoded as it should be.")
            }
            self.query = query
        } else {
            query = nil
        }
        guard let text = query?.first("limit") else {
            limit = standard
            return
        }
        guard let number = Int(text), number >= 1 else {
            throw CommandError(.invalidField, "limit must be a number from 1 to \(maximum).", field: "limit")
        }
        limit = min(number, maximum)
    }

    func text(_ name: String) -> String? { query?.first(name) }

    /// A parameter that is an event id.
    func eventID(_ name: String) throws(CommandError) -> EventID? {
        guard let text = text(name) else { return nil }
        guard let id = EventID(Array(text.utf8)) else {
            throw CommandError(.invalidField, "\(name) must be a message id.", field: name)
        }
        return id
    }
}
