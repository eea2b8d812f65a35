internal import Shared

/// `POST /api/tickets`: a one-time ticket for the handshake, `/ws?ticket=`.
///
/// Confined to its worker's loop.
struct TicketsResource {
    private let tickets: Tickets

    init(worker: Worker) {
        tickets = Tickets(worker.redis)
    }

    func respond(_ request: HTTPRequest, _ origin: Origin) async throws(CommandError) -> HTTPResponse {
        guard request.method == "POST" else { return Router.methodNotAllowed("POST") }
        let ticket: String
        do {
            ticket = try await tickets.issue(origin.identity)
        } catch {
            throw .unavailable()
        }
        let body = JSONObject([("ticket", .string(ticket)), ("expiresInMs", .integer(Tickets.lifetime))])
        return Router.json(201, JSONWriter.bytes(.object(body)))
    }
}
